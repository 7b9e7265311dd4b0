"""What a person asks of a workspace, one file a question: reads tables, calls the domain folders, keeps the answer."""
