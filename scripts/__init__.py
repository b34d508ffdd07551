"""Scripts that write parts of docs/ out of tables, and the one that installs."""
