"""Builds the course for reading, without a kernel and without a network, in build/site: make site

What stands in the pages is what the lessons store: nothing is executed. Live pictures live there too, from their stored
state: one script, `_static/live.js`, puts each in the place of its PNG, in the lessons and on a page of its own.
Sphinx does the work, with docs/site/conf.py; AutoAPI reads the reference of `course_lib` from its sources, so nothing of
the course needs to be installed. What `make lite`, `make slides` and `make worksheets` have built is put beside the pages
and linked from them; what is not built is not linked. Every link that stays within the pages is checked.
"""
