# Decodes one KMIP response over and over with PyKMIP's own codec and prints how many it reads in a second.
# Usage: /usr/bin/python3 pykmip-decode.py HEX SECONDS
import sys
import time

from kmip.core import enums, utils
from kmip.core.messages.messages import ResponseMessage

frame = bytes.fromhex(sys.argv[1])
seconds = float(sys.argv[2])


def decode():
    message = ResponseMessage()
    message.read(utils.BytearrayStream(frame), kmip_version=enums.KMIPVersion.KMIP_1_4)
    return message


assert decode().batch_items[0].response_payload.unique_identifier, "not a Get response"
count = 0
started = time.perf_counter()
while time.perf_counter() - started < seconds:
    for _ in range(100):
        decode()
    count += 100
print(count / (time.perf_counter() - started))
