"""The generator `openai`: Chat Completions of any server, through the official SDK.

The package is not called openai, so that no import can confuse the two.
"""
