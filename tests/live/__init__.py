"""The service over real sockets: each behaviour by a scripted server, and what came out."""
