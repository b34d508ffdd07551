"""The viewer: watch the corpus, search it, leave queries behind. Reads a snapshot, appends to the raw zone."""
