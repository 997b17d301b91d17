"""What becomes of promises when processes are killed, connections are cut and the database goes away."""
