"""The story: its schema, its source file with line numbers, its pictures, its pronunciations."""
