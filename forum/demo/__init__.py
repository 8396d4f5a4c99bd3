"""The sample discussion, its cast, and invented people for rehearsals."""
