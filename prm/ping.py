"""`python -m prm.ping`: a container's health check of its own web process, under a host name that Django accepts."""

import http.client
import os
import sys

host = os.environ.get("PRM_ALLOWED_HOSTS", "localhost").split(",")[0].lstrip(".").replace("*", "localhost")
connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
connection.request("GET", "/health/ready", headers={"Host": host, "X-Forwarded-Proto": "https"})
sys.exit(connection.getresponse().status != http.client.OK)
