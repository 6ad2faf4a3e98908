# Runs one of PyKMIP's own codecs over and over on one KMIP 1.4 message and prints how often it does so in a second.
# Usage: /usr/bin/python3 pykmip-codec.py decode-get|encode-create HEX SECONDS
import sys
import time

from kmip.core import enums, objects, utils
from kmip.core.attributes import Name
from kmip.core.factories.attributes import AttributeFactory
from kmip.core.messages import contents, messages, payloads

version = enums.KMIPVersion.KMIP_1_4
work, frame, seconds = sys.argv[1], bytes.fromhex(sys.argv[2]), float(sys.argv[3])


def decode():
    message = messages.ResponseMessage()
    message.read(utils.BytearrayStream(frame), kmip_version=version)
    return message


def encode():
    stream = utils.BytearrayStream()
    request.write(stream, kmip_version=version)
    return stream.buffer


# Built from the values: PyKMIP pads texts wrongly when it writes what it read.
def create_request():
    usage = enums.CryptographicUsageMask
    attribute = AttributeFactory().create_attribute
    attributes = [
        attribute(enums.AttributeType.CRYPTOGRAPHIC_ALGORITHM, enums.CryptographicAlgorithm.AES),
        attribute(enums.AttributeType.CRYPTOGRAPHIC_LENGTH, 256),
        attribute(
            enums.AttributeType.CRYPTOGRAPHIC_USAGE_MASK,
            [usage.ENCRYPT, usage.DECRYPT, usage.WRAP_KEY, usage.UNWRAP_KEY],
        ),
        attribute(
            enums.AttributeType.NAME,
            Name.create("kp-primary-1.4", enums.NameType.UNINTERPRETED_TEXT_STRING),
        ),
    ]
    payload = payloads.CreateRequestPayload(
        object_type=enums.ObjectType.SYMMETRIC_KEY,
        template_attribute=objects.TemplateAttribute(attributes=attributes),
    )
    header = messages.RequestHeader(
        protocol_version=contents.ProtocolVersion(1, 4), batch_count=contents.BatchCount(1)
    )
    item = messages.RequestBatchItem(
        operation=contents.Operation(enums.Operation.CREATE), request_payload=payload
    )
    return messages.RequestMessage(request_header=header, batch_items=[item])


if work == "decode-get":
    assert decode().batch_items[0].response_payload.unique_identifier, "not a Get response"
    run = decode
else:
    request = create_request()
    assert encode() == frame, "not the Create request"
    run = encode
count = 0
started = time.perf_counter()
while time.perf_counter() - started < seconds:
    for _ in range(100):
        run()
    count += 100
print(count / (time.perf_counter() - started))
