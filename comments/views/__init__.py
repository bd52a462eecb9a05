"""Pages: the noticeboard, what is said, and the forms to say it."""
