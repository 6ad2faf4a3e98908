"""Runs PyKMIP's own client through its operations, and prints what came of each as one JSON document.

Arguments: host, port, certificate, private key, CA certificate, version such as 1.4.
"""
import hashlib
import hmac
import json
import logging
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

from kmip.core import enums, objects as core_objects
from kmip.core.attributes import Name
from kmip.core.factories.attributes import AttributeFactory
from kmip.pie import exceptions, objects
from kmip.pie.client import ProxyKmipClient

host, port, certificate, private_key, authority, version = sys.argv[1:]
kmip_version = getattr(enums.KMIPVersion, "KMIP_" + version.replace(".", "_"))
Usage = enums.CryptographicUsageMask
Algorithm = enums.CryptographicAlgorithm
results = {}
is_2 = version.startswith("2")
has_cryptography = version not in ("1.0", "1.1")


def refusal(run):
    """The reason why a call is refused."""
    try:
        run()
    except exceptions.KmipOperationFailure as failure:
        return failure.reason.name
    except Exception as failure:
        reason = getattr(failure, "reason", None)
        return reason.name if reason is not None else type(failure).__name__
    return "NOT_REFUSED"


def attribute(name, value, index=None):
    return AttributeFactory().create_attribute(name, value, index)


client = ProxyKmipClient(
    hostname=host,
    port=int(port),
    cert=certificate,
    key=private_key,
    ca=authority,
    ssl_version="PROTOCOL_TLSv1_2",
    kmip_version=kmip_version,
)

with client:
    # Symmetric keys and their life cycle
    name = "key-" + version
    key = client.create(
        Algorithm.AES,
        256,
        name=name,
        cryptographic_usage_mask=[
            Usage.ENCRYPT, Usage.DECRYPT, Usage.WRAP_KEY, Usage.UNWRAP_KEY, Usage.DERIVE_KEY,
        ],
    )
    found = client.get(key)
    results["create"] = {
        "algorithm": found.cryptographic_algorithm.name,
        "length": found.cryptographic_length,
        "bytes": len(found.value),
    }
    by_name = [attribute(enums.AttributeType.NAME, name)]
    results["locate"] = client.locate(attributes=by_name) == [key]
    results["locateMaximum"] = len(client.locate(maximum_items=1))
    results["locateMiss"] = client.locate(attributes=[attribute(enums.AttributeType.NAME, "nobody")])
    results["duplicateName"] = refusal(lambda: client.create(Algorithm.AES, 256, name=name))
    results["badLength"] = refusal(lambda: client.create(Algorithm.AES, 100))
    uid, attributes = client.get_attributes(key, ["State", "Cryptographic Length", "Name"])
    results["attributes"] = {
        one.attribute_name.value: str(one.attribute_value) for one in attributes
    }
    results["allAttributes"] = sorted(
        one.attribute_name.value for one in client.get_attributes(key)[1]
    )
    results["attributeList"] = sorted(client.get_attribute_list(key))
    client.activate(key)
    results["activateTwice"] = refusal(lambda: client.activate(key))
    results["stateAfterActivate"] = str(
        client.get_attributes(key, ["State"])[1][0].attribute_value
    )
    results["destroyActive"] = refusal(lambda: client.destroy(key))
    results["unknown"] = refusal(lambda: client.get("00000000-0000-4000-8000-000000000000"))
    results["check"] = client.check(key, cryptographic_usage_mask=[Usage.ENCRYPT]) == key

    # Attributes
    if is_2:
        new = core_objects.NewAttribute(attribute=Name.create("renamed-" + version, enums.NameType.UNINTERPRETED_TEXT_STRING))
        current = core_objects.CurrentAttribute(attribute=Name.create(name, enums.NameType.UNINTERPRETED_TEXT_STRING))
        results["modify"] = client.modify_attribute(key, current_attribute=current, new_attribute=new)[0] == key
        results["set"] = client.set_attribute(key, attribute_name="Sensitive", attribute_value=False) == key
        reference = core_objects.AttributeReference(vendor_identification="Nobody", attribute_name="Nothing")
        results["deleteMissing"] = refusal(lambda: client.delete_attribute(key, attribute_reference=reference))
        gone = core_objects.CurrentAttribute(attribute=Name.create("renamed-" + version, enums.NameType.UNINTERPRETED_TEXT_STRING))
        results["delete"] = client.delete_attribute(key, current_attribute=gone)[0] == key
    else:
        renamed = attribute(enums.AttributeType.NAME, "renamed-" + version, 0)
        results["modify"] = client.modify_attribute(key, attribute=renamed)[0] == key
        results["deleteMissing"] = refusal(lambda: client.delete_attribute(key, attribute_name="x-nothing"))
        results["delete"] = client.delete_attribute(key, attribute_name="Name", attribute_index=0)[0] == key
    results["namesLeft"] = len(client.get_attributes(key, ["Name"])[1])

    # Wrapped keys
    inner = client.create(Algorithm.AES, 128, cryptographic_usage_mask=[Usage.ENCRYPT])
    wrapped = client.get(inner, key_wrapping_specification={
        "wrapping_method": enums.WrappingMethod.ENCRYPT,
        "encryption_key_information": {
            "unique_identifier": key,
            "cryptographic_parameters": {"block_cipher_mode": enums.BlockCipherMode.NIST_KEY_WRAP},
        },
        "encoding_option": enums.EncodingOption.NO_ENCODING,
    }) if version != "1.0" else None
    if wrapped is not None:
        from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
        plain = aes_key_unwrap(client.get(key).value, wrapped.value)
        results["wrapped"] = plain == client.get(inner).value

    # Key pairs
    public, private = client.create_key_pair(
        Algorithm.RSA,
        2048,
        public_usage_mask=[Usage.VERIFY, Usage.ENCRYPT],
        private_usage_mask=[Usage.SIGN, Usage.DECRYPT],
    )
    results["pair"] = [
        client.get(public).key_format_type.name,
        client.get(private).key_format_type.name,
    ]
    client.activate(public)
    client.activate(private)

    # Registered objects
    raw = bytes(range(32))
    registered = client.register(objects.SymmetricKey(
        Algorithm.AES, 256, raw, masks=[Usage.ENCRYPT], name="registered-" + version,
    ))
    results["registered"] = client.get(registered).value == raw
    secret = client.register(objects.SecretData(
        b"correct horse", enums.SecretDataType.PASSWORD, name="secret-" + version,
    ))
    results["secret"] = client.get(secret).value == b"correct horse"
    opaque = client.register(objects.OpaqueObject(
        b"anything", enums.OpaqueDataType.NONE, name="opaque-" + version,
    ))
    results["opaque"] = client.get(opaque).value == b"anything"
    results["opaqueActivate"] = refusal(lambda: client.activate(opaque))

    # Cryptography
    if has_cryptography:
        cbc = {
            "cryptographic_algorithm": Algorithm.AES,
            "block_cipher_mode": enums.BlockCipherMode.CBC,
            "padding_method": enums.PaddingMethod.PKCS5,
        }
        data, iv = client.encrypt(b"some text", uid=key, cryptographic_parameters=cbc)[:2]
        results["cbc"] = client.decrypt(
            data, uid=key, cryptographic_parameters=cbc, iv_counter_nonce=iv,
        ) == b"some text"
        pss = {
            "padding_method": enums.PaddingMethod.PSS,
            "hashing_algorithm": enums.HashingAlgorithm.SHA_256,
            "cryptographic_algorithm": Algorithm.RSA,
        }
        signature = client.sign(b"message", uid=private, cryptographic_parameters=pss)
        results["signature"] = client.signature_verify(
            b"message", signature, uid=public, cryptographic_parameters=pss,
        ).name
        results["wrongSignature"] = client.signature_verify(
            b"other message", signature, uid=public, cryptographic_parameters=pss,
        ).name
        mac_key = client.register(objects.SymmetricKey(
            Algorithm.HMAC_SHA256, 256, raw, masks=[Usage.MAC_GENERATE, Usage.MAC_VERIFY], name="mac-" + version,
        ))
        client.activate(mac_key)
        expected = hmac.new(raw, b"message", hashlib.sha256).digest()
        results["mac"] = client.mac(b"message", uid=mac_key, algorithm=Algorithm.HMAC_SHA256)[1] == expected
        results["wrongUse"] = refusal(lambda: client.encrypt(
            b"some text", uid=mac_key, cryptographic_parameters=cbc,
        ))

    # Derived and replaced keys
    derived = client.derive_key(
        enums.ObjectType.SYMMETRIC_KEY,
        [key],
        enums.DerivationMethod.HMAC,
        {
            "cryptographic_parameters": {"hashing_algorithm": enums.HashingAlgorithm.SHA_256},
            "derivation_data": b"context",
        },
        cryptographic_algorithm=Algorithm.AES,
        cryptographic_length=256,
    )
    results["derived"] = client.get(derived).value == hmac.new(
        client.get(key).value, b"context", hashlib.sha256,
    ).digest()
    replacement = client.rekey(key, offset=0)
    results["rekey"] = replacement != key and client.get(replacement).value != client.get(key).value

    # The end
    client.revoke(enums.RevocationReasonCode.CESSATION_OF_OPERATION, key)
    results["stateAfterRevoke"] = str(client.get_attributes(key, ["State"])[1][0].attribute_value)
    client.destroy(key)
    results["getDestroyed"] = refusal(lambda: client.get(key))
    client.revoke(enums.RevocationReasonCode.KEY_COMPROMISE, inner, compromise_occurrence_date=1)
    results["stateAfterCompromise"] = str(client.get_attributes(inner, ["State"])[1][0].attribute_value)

print(json.dumps(results))
