"""Tests of the pytest plugin, in sessions of their own."""
