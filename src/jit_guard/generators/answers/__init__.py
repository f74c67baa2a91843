"""The gate between an answer and a component: what is removed, and what is refused.

`gate.py` is the order of the steps; every other module is one step, most of it a table.
"""
