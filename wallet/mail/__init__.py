"""Mail that leaves and what becomes of it: which mails there were, who is not written to, how fast a domain is."""
