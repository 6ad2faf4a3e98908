/**
 * Changes that no test can notice, because the code does the same with them; each with the reason.
 * @type {readonly { file: string, what: string, why: string }[]}
 */
export const equivalent = [
  {
    file: 'packages/core/src/attestation/service.ts',
    what: 'without: endorsement === undefined',
    why: 'an endorsement that was not found has a check that says so; the type wants to be told',
  },
  {
    file: 'packages/core/src/attestation/redeem-challenge.ts',
    what: "never: conclude(checks) !== 'pass'",
    why: 'the appraisal stops at the same checks before it looks at any evidence; here it does not even begin',
  },
  {
    file: 'packages/core/src/attestation/redeem-challenge.ts',
    what: 'without: passed === undefined',
    why: 'what did not pass has a check that says so; the type wants to be told',
  },
  {
    file: 'packages/core/src/endorsement/ek-certificate.ts',
    what: 'without: wanted === undefined',
    why: 'no key has a usage that is undefined; the type wants to be told',
  },
  {
    file: 'packages/core/src/endorsement/ek-public-area.ts',
    what: "without: key.kind === 'rsa'",
    why: 'keys of other kinds have no restriction; the type wants to be told',
  },
  {
    file: 'packages/core/src/evidence/ima-checks.ts',
    what: 'never: counts.length === 0',
    why: 'a check has failed then, so nobody gets to see the facts',
  },
  {
    file: 'packages/core/src/evidence/verify-quote.ts',
    what: "never: !('hash' in signature)",
    why: 'signatures without a hash algorithm do not verify, which is checked before; the type does not know',
  },
  {
    file: 'packages/core/src/measured-boot/esxi/findings.ts',
    what: 'without: content.verified',
    why: 'what is verified is covered; the type does not know',
  },
  {
    file: 'packages/core/src/measured-boot/events/malformed.ts',
    what: 'never: !isTrustholdError(error)',
    why: 'an error that is not ours has none of the codes that are looked for, and is thrown all the same',
  },
  {
    file: 'packages/core/src/measured-boot/secure-boot/policy-log.ts',
    what: 'without: size === undefined',
    why: 'then all of the data is read as one variable, and what is no whole one is refused as such',
  },
  {
    file: 'packages/core/src/measured-boot/tcg/startup-locality.ts',
    what: 'never: size < signature.length',
    why: 'what follows a shorter event is the PCR number of the next, and text is none; past the end is nothing',
  },
  {
    file: 'packages/core/src/measured-boot/tcg/startup-locality.ts',
    what: 'without: locality === undefined',
    why: 'undefined is none of the localities; the type wants to be told',
  },
  {
    file: 'packages/kmip-adapter/src/connection/connection.ts',
    what: 'never: this.#socket.destroyed',
    why: 'writing to a socket that is destroyed fails, and with the same error',
  },
  {
    file: 'packages/kmip-adapter/src/connection/socket.ts',
    what: 'never: scope.over',
    why: 'what is opened then is destroyed before anything is sent, with the same error',
  },
  {
    file: 'packages/kmip-adapter/src/connection/socket.ts',
    what: 'never: !socket.authorized',
    why: 'TLS ends what is not authorized before, as it is told to; nobody should have to know that to trust a connection',
  },
  {
    file: 'packages/kmip-adapter/src/key-server/create-primary-key.ts',
    what: "without: isTrustholdError(error, 'KMIP_RESULT')",
    why: 'only results have such a reason; the type wants to be told which error it is',
  },
  {
    file: 'packages/kmip-adapter/src/key-server/key-requests.ts',
    what: "without: isTrustholdError(error, 'KMIP_RESULT')",
    why: 'only results have a kind; the type wants to be told which error it is',
  },
]
