"""Mutation testing: changes one place of a package at a time and sees whether a test fails."""
