"""Room 0: the only code that touches the site, media files, or recognisers."""
