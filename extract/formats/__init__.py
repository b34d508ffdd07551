"""Recognise each input format and file it verbatim into the raw zone."""
