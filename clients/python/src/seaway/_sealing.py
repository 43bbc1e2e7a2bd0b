"""Messages that only those with a key can read."""

import base64
import hashlib
from typing import Any, Dict, Mapping, Optional, Sequence, Union

#: The one field of an encrypted message.
_FIELD = "__sealed__"
#: Seconds by which clocks of senders and readers may differ.
_SLACK = 10


class Sealing:
    """Encrypts with the first key and reads with any, so that keys can be changed one after the other.

    A key is any text or bytes; its SHA-256 is that of a Fernet. What is older than ``expiry`` seconds is not taken.
    """

    def __init__(self, keys: Sequence[Union[str, bytes]], expiry: Optional[float]):
        if isinstance(keys, (str, bytes)):
            raise ValueError("symmetric_encryption_keys is a list of keys")
        try:
            from cryptography.fernet import Fernet, MultiFernet
        except ImportError as error:
            raise ValueError("symmetric_encryption_keys needs: pip install cryptography") from error
        digests = (hashlib.sha256(key.encode() if isinstance(key, str) else key).digest() for key in keys)
        self._fernets = MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
        self._most_age = None if expiry is None else int(expiry) + _SLACK

    def seal(self, packed: bytes) -> Dict[str, Any]:
        """Returns the message that holds another."""
        return {_FIELD: self._fernets.encrypt(packed)}

    def open(self, message: Mapping[str, Any]) -> bytes:
        """Returns what a message holds; raises ``cryptography.fernet.InvalidToken`` for one of no key of these."""
        token = message.get(_FIELD)
        return bytes(self._fernets.decrypt(token if isinstance(token, bytes) else b"", self._most_age))
