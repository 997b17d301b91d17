"""What every request passes through, as pure ASGI: no response is held back, and no task is started for one."""
