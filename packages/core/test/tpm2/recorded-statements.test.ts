import { createHash } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import { loadStatements, type RecordedStatement } from '../../../../test/recordings/statements.js'
import { fromHex, toHex } from '../../src/bytes/index.js'
import { decode, encode } from '../../src/codec/index.js'
import {
  type AttestType,
  computeName,
  computeQualifiedName,
  hierarchyName,
  pcrDigest,
  publicKeyOf,
  type TpmsAttest,
  tpm2bCreationData,
  tpmsAttest,
  tpmtPublic,
  tpmtSignature,
  verifySignature,
} from '../../src/tpm2/index.js'

const all = loadStatements().map((statement, number) => ({
  title: `${number}, ${statement.type} by ${statement.signer.name}`,
  statement,
}))

type StatementOf<Type, One = RecordedStatement> = One extends { type: infer Types }
  ? Type extends Types
    ? One
    : never
  : never

/** Statements of one type, with what the structure says. */
function statementsOf<Type extends AttestType>(type: Type) {
  return all
    .map(({ title, statement }) => {
      const attest = decode(tpmsAttest, statement.message)
      return { title, statement, attest }
    })
    .filter(
      (
        one,
      ): one is {
        title: string
        statement: StatementOf<Type>
        attest: Extract<TpmsAttest, { type: Type }>
      } => one.statement.type === type && one.attest.type === type,
    )
}

const sha256 = (...parts: readonly Uint8Array[]) =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex')
const flip = (bytes: Uint8Array, at: number) => bytes.with(at, (bytes[at] as number) ^ 1)

/** How many of each there are: a recording without them would pass every test below. */
test.each([
  ['quote', 30],
  ['certify', 3],
  ['creation', 3],
  ['time', 3],
  ['nv', 6],
  ['nvDigest', 3],
  ['sessionAudit', 2],
  ['commandAudit', 2],
] as const)('statements of type %s are recorded: %i', (type, count) => {
  expect(statementsOf(type)).toHaveLength(count)
})

test('keys of every kind sign, by every scheme and hash', () => {
  const names = new Set(all.map(({ statement }) => statement.signer.name))
  expect([...names].sort()).toEqual([
    'ecc-p256-ecdsa-sha256',
    'ecc-p256-ecdsa-sha512',
    'ecc-p384-ecdsa-sha384',
    'ecc-p521-ecdsa-sha512',
    'rsa-2048-rsapss-sha256',
    'rsa-2048-rsapss-sha384',
    'rsa-2048-rsapss-sha512',
    'rsa-2048-rsassa-sha256',
    'rsa-2048-rsassa-sha384',
    'rsa-2048-rsassa-sha512',
    'rsa-3072-rsassa-sha384',
  ])
})

describe.each(all)('statement $title', ({ statement }) => {
  const { signer, message } = statement
  const publicArea = decode(tpmtPublic, signer.publicArea)
  const signature = decode(tpmtSignature, statement.signature)
  const options = { key: publicKeyOf(publicArea), publicArea, signature }

  it('is written back byte by byte', () => {
    expect(encode(tpmsAttest, decode(tpmsAttest, message))).toEqual(message)
    expect(encode(tpmtSignature, signature)).toEqual(statement.signature)
    expect(encode(tpmtPublic, publicArea)).toEqual(signer.publicArea)
  })

  it('names type, qualifying data and signer', () => {
    const attest = decode(tpmsAttest, message)
    expect(attest.type).toBe(statement.type)
    expect(toHex(attest.extraData)).toBe(toHex(statement.qualifyingData))
    const qualifiedName = computeQualifiedName(hierarchyName('endorsement'), computeName(signer.publicArea))
    expect(toHex(attest.qualifiedSigner)).toBe(toHex(qualifiedName))
  })

  it('is signed by the scheme and hash of the key, and by no other key', () => {
    expect(signature).toMatchObject({ sigAlg: signer.scheme, hash: signer.hash })
    expect(verifySignature({ ...options, message })).toBe(true)
    for (const {
      statement: { signer: other },
    } of all) {
      if (other.name === signer.name) continue
      const otherKey = publicKeyOf(decode(tpmtPublic, other.publicArea))
      if (otherKey.asymmetricKeyType !== options.key.asymmetricKeyType) continue
      expect(verifySignature({ key: otherKey, signature, message })).toBe(false)
    }
  })

  it('is refused with any byte changed', () => {
    for (let at = 0; at < message.length; at += 7)
      expect(verifySignature({ ...options, message: flip(message, at) })).toBe(false)
  })

  it('ends nowhere else', () => {
    for (let length = 0; length < message.length; length++)
      expect(() => decode(tpmsAttest, message.subarray(0, length))).toThrow()
    expect(() => decode(tpmsAttest, Uint8Array.of(...message, 0))).toThrow()
  })
})

describe('what is stated', () => {
  it.each(statementsOf('quote'))(
    '$title: the PCRs of every bank that was asked for',
    ({ statement, attest }) => {
      const { selection, pcrs, signer } = statement
      const sorted = selection.map(({ bank, pcrs: indices }) => ({
        hash: bank,
        pcrs: indices.toSorted((a, b) => a - b),
      }))
      expect(attest.attested.pcrSelect).toMatchObject(sorted)
      expect(attest.attested.pcrSelect).toHaveLength(sorted.length)
      const values = sorted.flatMap(({ hash, pcrs: indices }) =>
        indices.map((pcr) => pcrs[hash].get(pcr) as Uint8Array),
      )
      expect(attest.attested.pcrDigest).toEqual(pcrDigest(signer.hash, values))
    },
  )

  it.each(statementsOf('certify'))('$title: the name of the key', ({ statement, attest }) => {
    const name = computeName(statement.object)
    expect(attest.attested.name).toEqual(name)
    expect(attest.attested.qualifiedName).toEqual(computeQualifiedName(hierarchyName('owner'), name))
  })

  it.each(statementsOf('creation'))('$title: how the key was made', ({ statement, attest }) => {
    expect(attest.attested.objectName).toEqual(computeName(statement.object))
    expect(toHex(attest.attested.creationHash)).toBe(sha256(statement.creationData.subarray(2)))
    const creation = decode(tpm2bCreationData, statement.creationData)
    expect(creation).toMatchObject({ parentName: hierarchyName('owner'), parentNameAlg: 'null' })
  })

  it.each(statementsOf('time'))('$title: the time, the same as in the head', ({ attest }) => {
    const { time, firmwareVersion } = attest.attested
    expect(time.clockInfo).toEqual(attest.clockInfo)
    expect(time.time).toBeGreaterThan(0n)
    expect(firmwareVersion).toBe(attest.firmwareVersion)
  })

  it.each(statementsOf('nv'))('$title: contents of NV memory', ({ statement, attest }) => {
    const { size, offset, contents } = statement
    expect(attest.attested.offset).toBe(offset)
    expect(attest.attested.nvContents).toEqual(contents.subarray(offset, offset + size))
  })

  it.each(statementsOf('nvDigest'))(
    '$title: the digest of what the others state',
    ({ statement, attest }) => {
      const { signer, contents } = statement
      const digest = createHash(signer.hash).update(contents).digest('hex')
      expect(toHex(attest.attested.nvDigest)).toBe(digest)
      const [whole] = statementsOf('nv').filter((one) => one.statement.signer.name === signer.name)
      expect(attest.attested.indexName).toEqual(whole?.attest.attested.indexName)
    },
  )

  /** The digest of one GetRandom of 4 bytes: parameters in, response code and parameters out. Part 1, section 16. */
  const auditOf = (random: Uint8Array) => {
    const command = fromHex('0000017b')
    const parameters = sha256(command, fromHex('0004'))
    const response = sha256(fromHex('00000000'), command, fromHex('0004'), random)
    return sha256(new Uint8Array(32), fromHex(parameters), fromHex(response))
  }

  it.each(statementsOf('sessionAudit'))('$title: the commands of the session', ({ statement, attest }) => {
    expect(toHex(attest.attested.sessionDigest)).toBe(auditOf(statement.random))
  })

  it.each(statementsOf('commandAudit'))('$title: the commands that are audited', ({ statement, attest }) => {
    expect(attest.attested.digestAlg).toBe('sha256')
    expect(toHex(attest.attested.auditDigest)).toBe(auditOf(statement.random))
    // SetCommandCodeAuditStatus is always audited.
    expect(toHex(attest.attested.commandDigest)).toBe(sha256(fromHex('00000140'), fromHex('0000017b')))
  })
})

describe('the clock', () => {
  const clocks = all.map(({ statement }) => ({
    statement,
    clockInfo: decode(tpmsAttest, statement.message).clockInfo,
  }))

  it('never goes back', () => {
    for (const [at, { clockInfo }] of clocks.entries())
      expect(clockInfo.clock).toBeGreaterThanOrEqual(clocks[at - 1]?.clockInfo.clock ?? 0n)
  })

  it('tells how the TPM restarted between quotes', () => {
    const before = clocks[0]?.clockInfo.resetCount ?? 0
    const told = clocks.flatMap(({ statement, clockInfo: { resetCount, restartCount, safe } }) =>
      statement.type === 'quote' && statement.after !== undefined
        ? [[statement.after, resetCount - before, restartCount, safe]]
        : [],
    )
    expect(told).toEqual([
      ['resume', 0, 1, true],
      ['restart', 0, 2, true],
      ['reset', 1, 0, true],
      // Power was lost without a word: the clock may have told this time before.
      ['power-loss', 2, 0, false],
    ])
  })
})
