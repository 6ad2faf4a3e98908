import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import {
  authorityKeyId,
  basicConstraints,
  type CertificateShape,
  commonName,
  ecKeys,
  end,
  extendedKeyUsage,
  extension,
  flip,
  keyIdOf,
  keyUsage,
  makeCa,
  makeCertificate,
  now,
  pssAlgorithm,
  rsaKeys,
  sharedKeys,
  start,
  subjectKeyId,
  type TestCa,
} from '../../../../test/certificates/certificate-builder.js'
import { bitString, nothing, sequence, text, tlv } from '../../../../test/certificates/der-writer.js'
import { fromHex } from '../../src/bytes/index.js'
import { isTrustholdError } from '../../src/errors/index.js'
import {
  buildPath,
  type Certificate,
  indexCertificates,
  type PathOptions,
  parseCertificate,
} from '../../src/x509/index.js'

const root = makeCa('root')
const middle = makeCa('middle', root)

interface Given {
  leaf: Uint8Array
  anchors?: readonly Uint8Array[]
  intermediates?: readonly Uint8Array[]
}

function build(
  { leaf, anchors = [root.der], intermediates = [] }: Given,
  options: Partial<PathOptions> = {},
) {
  return buildPath(parseCertificate(leaf), {
    anchors: indexCertificates(anchors.map((der) => parseCertificate(der))),
    intermediates: intermediates.map((der) => parseCertificate(der)),
    at: now,
    ...options,
  })
}

async function refusal(given: Given, options?: Partial<PathOptions>): Promise<string> {
  try {
    await build(given, options)
  } catch (error) {
    if (isTrustholdError(error, 'CERTIFICATE_INVALID'))
      return `${error.context.path}: ${error.context.actual}`
    throw error
  }
  return 'accepted'
}

const ders = (certificates: readonly Certificate[]) => certificates.map((c) => c.der)

describe('buildPath', () => {
  it('ends at a configured root', async () => {
    const leaf = middle.issue({})
    const path = await build({ leaf, intermediates: [middle.der] })
    expect(ders(path.certificates)).toEqual([leaf, middle.der, root.der])
    expect(path.anchor.der).toEqual(root.der)
  })

  it('ends at a configured intermediate, whatever is above it', async () => {
    const leaf = middle.issue({})
    expect(ders((await build({ leaf, anchors: [middle.der] })).certificates)).toEqual([leaf, middle.der])
    const both = await build({ leaf, anchors: [root.der, middle.der], intermediates: [middle.der] })
    expect(both.certificates).toHaveLength(2)
  })

  it('names what is missing', async () => {
    expect(await refusal({ leaf: middle.issue({}) })).toBe('path[1]: none for CN=middle')
    expect(await refusal({ leaf: middle.issue({}), anchors: [] })).toBe('path[1]: none for CN=middle')
    const given = { leaf: middle.issue({}), anchors: [], intermediates: [middle.der, root.der] }
    expect(await refusal(given)).toContain('path[3]: none for CN=root')
  })

  it('never takes the leaf itself for an anchor', async () => {
    const leaf = root.issue({})
    expect(await refusal({ leaf, anchors: [leaf] })).toContain('none')
    expect(await refusal({ leaf: root.der, anchors: [root.der] })).toContain('none')
  })

  it('chains names over string types, as a vendor needs it', async () => {
    const ca = makeCa('maker', undefined, { subject: commonName('maker', 0x13) })
    const leaf = ca.issue({ issuer: commonName('maker', 0x0c) })
    expect((await build({ leaf, anchors: [ca.der] })).certificates).toHaveLength(2)
    const teletex = ca.issue({ issuer: commonName('maker', 0x14) })
    expect(await refusal({ leaf: teletex, anchors: [ca.der] })).toBe('path[1]: none for CN=maker')
    const other = ca.issue({ issuer: commonName('Maker') })
    expect(await refusal({ leaf: other, anchors: [ca.der] })).toBe('path[1]: none for CN=Maker')
  })

  it('goes back when the first of two issuers of one name leads nowhere', async () => {
    const keys = ecKeys()
    const twin = (parent: TestCa) => makeCa('twin', parent, { keys })
    const lost = makeCa('lost')
    const [dead, live] = [twin(lost), twin(root)]
    const leaf = live.issue({})
    for (const intermediates of [
      [dead.der, live.der],
      [live.der, dead.der],
    ]) {
      expect((await build({ leaf, intermediates })).certificates[1]?.der).toEqual(live.der)
    }
  })

  it('does not run in circles', async () => {
    const [a, b] = [ecKeys(), ecKeys()]
    const caOf = (name: string, issuer: string, keys = a, issuerKeys = b) =>
      makeCertificate({
        subject: commonName(name),
        issuer: commonName(issuer),
        keys,
        issuerKeys,
        extensions: [basicConstraints(true)],
      })
    const intermediates = [caOf('a', 'b'), caOf('b', 'a', b, a)]
    const leaf = makeCertificate({ issuer: commonName('a'), issuerKeys: a })
    expect(await refusal({ leaf, intermediates })).toMatch(/^path\[3\]: none/)
  })

  it('finds its issuer among hundreds of configured CAs of other names, and of the same', async () => {
    const others = Array.from({ length: 200 }, (_, i) => makeCertificate({ subject: commonName(`ca ${i}`) }))
    const same = Array.from({ length: 100 }, (_, i) =>
      makeCertificate({
        subject: commonName('root'),
        extensions: [basicConstraints(true), subjectKeyId(Uint8Array.of(i))],
      }),
    )
    const path = await build(
      { leaf: root.issue({}), anchors: [...others, ...same, root.der] },
      { maxSignatures: 1 },
    )
    expect(path.anchor.der).toEqual(root.der)
  })

  it('needs a time', async () => {
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY, 9e15]) {
      await expect(build({ leaf: root.issue({}) }, { at })).rejects.toMatchObject({
        code: 'ARGUMENT_INVALID',
      })
    }
  })
})

describe('each certificate of the path is checked (T-21)', () => {
  const leafOf = (shape: CertificateShape) => ({ leaf: root.issue(shape) })
  const caOf = (...extensions: readonly Uint8Array[]) => {
    const ca = makeCa('ca', undefined, { extensions: [...extensions] })
    return { leaf: ca.issue({ extensions: [] }), anchors: [ca.der] }
  }
  const past = { notBefore: text('200101000000Z', 0x17), notAfter: text('210101000000Z', 0x17) }
  const future = { notBefore: text('300101000000Z', 0x17) }

  it('dates, to the second, of leaf and anchor', async () => {
    const leaf = root.issue({})
    const at = (time: number) => refusal({ leaf }, { at: time })
    expect(await at(start.getTime())).toBe('accepted')
    expect(await at(start.getTime() - 1)).toContain('path[0].notBefore')
    expect(await at(end.getTime())).toBe('accepted')
    expect(await at(end.getTime() + 1)).toContain('path[0].notAfter')
    expect(await refusal(leafOf(past))).toContain('path[0].notAfter')
    expect(await refusal(leafOf(future))).toContain('path[0].notBefore')
    const oldCa = makeCa('old', undefined, past)
    expect(await refusal({ leaf: oldCa.issue({}), anchors: [oldCa.der] })).toContain('path[1].notAfter')
    const oldMiddle = makeCa('old', root, past)
    const given = { leaf: oldMiddle.issue({}), intermediates: [oldMiddle.der] }
    expect(await refusal(given)).toContain('path[1].notAfter')
  })

  it('basic constraints: a CA, and said so', async () => {
    expect(await refusal(caOf(basicConstraints(true)))).toBe('accepted')
    expect(await refusal(caOf(basicConstraints(false)))).toBe('path[1].basicConstraints: no CA')
    expect(await refusal(caOf(keyUsage(5)))).toBe('path[1].basicConstraints: no CA')
    const leaf = root.issue({ keys: sharedKeys, subject: commonName('no ca') })
    const below = makeCertificate({ issuer: commonName('no ca'), issuerKeys: sharedKeys })
    expect(await refusal({ leaf: below, intermediates: [leaf] })).toBe('path[1].basicConstraints: no CA')
  })

  it('key usage: keyCertSign', async () => {
    expect(await refusal(caOf(basicConstraints(true), keyUsage(5)))).toBe('accepted')
    expect(await refusal(caOf(basicConstraints(true), keyUsage(0, 6)))).toContain('path[1].keyUsage')
  })

  it('path length', async () => {
    const top = makeCa('top', undefined, { pathLength: 1 })
    const first = makeCa('first', top)
    const secondCa = makeCa('second', first)
    const anchors = [top.der]
    expect(await refusal({ leaf: first.issue({}), anchors, intermediates: [first.der] })).toBe('accepted')
    const given = { leaf: secondCa.issue({}), anchors, intermediates: [first.der, secondCa.der] }
    expect(await refusal(given)).toContain('path[3].basicConstraints.pathLenConstraint')
    const flat = makeCa('flat', root, { pathLength: 0 })
    const under = makeCa('under', flat)
    const deep = { leaf: under.issue({}), intermediates: [flat.der, under.der] }
    expect(await refusal(deep)).toContain('path[2].basicConstraints.pathLenConstraint')
  })

  it('path length does not count a CA that issued itself a new key', async () => {
    const top = makeCa('roll', undefined, { pathLength: 0 })
    const rolled = makeCa('roll', top, { pathLength: 0 })
    const given = { leaf: rolled.issue({}), anchors: [top.der], intermediates: [rolled.der] }
    expect(await refusal(given)).toBe('accepted')
  })

  it('critical extensions that are not processed, name constraints among them', async () => {
    const constraint = extension(
      '2.5.29.30',
      sequence(tlv(0xa0, sequence(tlv(0x82, Buffer.from('a'))))),
      true,
    )
    const unknown = extension('1.2.3.4', nothing, true)
    for (const critical of [
      constraint,
      unknown,
      extension('2.5.29.36', sequence(tlv(0x80, Uint8Array.of(0))), true),
    ]) {
      expect(await refusal(leafOf({ extensions: [critical] }))).toContain('path[0].extensions')
      expect(await refusal(caOf(basicConstraints(true), critical))).toContain('path[1].extensions')
    }
    expect(await refusal(leafOf({ extensions: [extension('1.2.3.4', nothing)] }))).toBe('accepted')
    const policies = extension('2.5.29.32', sequence(), true)
    expect(await refusal(caOf(basicConstraints(true), policies))).toBe('accepted')
  })

  it('extended key usage is of the purpose, by its exact identifier, all the way up', async () => {
    const purpose = '2.23.133.8.1'
    const of = (...usages: string[]) => leafOf({ extensions: [extendedKeyUsage(usages)] })
    expect(await refusal(of(purpose), { purpose })).toBe('accepted')
    expect(await refusal(of('1.2.3', purpose), { purpose })).toBe('accepted')
    for (const other of ['2.23.133.8.3', '2.23.133.8', '2.23.133.8.1.1', '2.5.29.37.0']) {
      expect(await refusal(of(other), { purpose })).toContain('path[0].extendedKeyUsage')
      expect(await refusal(caOf(basicConstraints(true), extendedKeyUsage([other])), { purpose })).toContain(
        'path[1]',
      )
    }
    expect(await refusal(leafOf({ extensions: [] }), { purpose })).toBe('accepted')
  })

  it('key identifiers', async () => {
    const other = { extensions: [authorityKeyId(fromHex('00'))] }
    expect(await refusal(leafOf(other))).toBe('path[1].subjectKeyId: another one')
    const bare = makeCa('bare', undefined, { extensions: [basicConstraints(true)] })
    expect(await refusal({ leaf: bare.issue(other), anchors: [bare.der] })).toBe('accepted')
  })

  it('depth, at the limit and past it (T-32)', async () => {
    const cas = [root]
    while (cas.length < 8) cas.push(makeCa(`ca ${cas.length}`, cas.at(-1)))
    const given = (count: number) => ({
      leaf: cas[count - 1]?.issue({}) as Uint8Array,
      intermediates: cas.slice(1, count).map((ca) => ca.der),
    })
    expect(await refusal(given(7))).toBe('accepted')
    expect(await refusal(given(8))).toBe('path: more')
    expect(await refusal(given(3), { maxDepth: 3 })).toBe('path: more')
  })

  it('work: signatures and intermediates (T-32)', async () => {
    const keys = Array.from({ length: 3 }, () => ecKeys())
    const intermediates = keys.map(
      (pair) => makeCa('many', root, { keys: pair, extensions: [basicConstraints(true)] }).der,
    )
    const leaf = makeCertificate({ issuer: commonName('many'), issuerKeys: ecKeys() })
    expect(await refusal({ leaf, intermediates })).toContain('path[0].signature')
    expect(await refusal({ leaf, intermediates }, { maxSignatures: 2 })).toBe('path: none so far')
    const crowd = Array.from({ length: 33 }, () => root.der)
    expect(await refusal({ leaf: root.issue({}), intermediates: crowd.slice(1) })).toBe('accepted')
    expect(await refusal({ leaf: root.issue({}), intermediates: crowd })).toBe('path: 33')
  })
})

describe('signatures', () => {
  const rsa = rsaKeys()
  const caWith = (keys: TestCa['keys']) => makeCa('signer', undefined, { keys })
  const verdict = (keys: TestCa['keys'], shape: CertificateShape) => {
    const ca = caWith(keys)
    return refusal({ leaf: ca.issue(shape), anchors: [ca.der] })
  }

  it.each(['sha256', 'sha384', 'sha512'])('RSA PKCS#1 and PSS, and every curve, with %s', async (hash) => {
    expect(await verdict(rsa, { signing: { hash } })).toBe('accepted')
    for (const saltLength of [0, 20, 32, 64]) {
      expect(await verdict(rsa, { signing: { hash, saltLength } })).toBe('accepted')
    }
    for (const curve of ['P-256', 'P-384', 'P-521']) {
      expect(await verdict(ecKeys(curve), { signing: { hash } })).toBe('accepted')
    }
  })

  it('SHA-1 and MD5 are refused, but not above: a root is believed because it is configured', async () => {
    expect(await verdict(rsa, { signing: { hash: 'sha1' } })).toBe(
      'path[0].signature: SHA-1 with RSA is not accepted',
    )
    expect(await verdict(rsa, { signing: { hash: 'md5' } })).toBe(
      'path[0].signature: MD5 with RSA is not accepted',
    )
    expect(await verdict(ecKeys(), { signing: { hash: 'sha1' } })).toContain('SHA-1')
    const ca = makeCa('old', undefined, { keys: rsa, signing: { hash: 'sha1' } })
    expect(await refusal({ leaf: ca.issue({ signing: { hash: 'sha256' } }), anchors: [ca.der] })).toBe(
      'accepted',
    )
  })

  it('weak and costly RSA keys are refused', async () => {
    expect(await verdict(rsaKeys(1024), {})).toContain('modulus of 1024 bits')
    expect(await verdict(rsaKeys(2048, 3), {})).toContain('exponent')
  })

  it('the salt has the length that is written', async () => {
    const algorithm = parseCertificate(
      makeCertificate({ keys: rsa, signing: { hash: 'sha256', saltLength: 20 } }),
    )
    expect(algorithm.signature.algorithm).toMatchObject({ saltLength: 20 })
    const ca = caWith(rsa)
    const der = ca.issue({ signing: { hash: 'sha256', saltLength: 32 } })
    const hex = Buffer.from(der).toString('hex').replaceAll('a203020120', 'a203020114')
    expect(await refusal({ leaf: fromHex(hex), anchors: [ca.der] })).toContain('path[0].signature')
  })

  it('of RSA keys have the length of the modulus: one that starts with zero takes no part', async () => {
    const ca = caWith(rsa)
    const issue = () => parseCertificate(ca.issue({ signing: { hash: 'sha256', saltLength: 32 } }))
    let leaf = issue()
    while (leaf.signature.value[0] !== 0) leaf = issue()
    const shortened = (by: number) =>
      sequence(leaf.tbs, pssAlgorithm('sha256', 32), bitString(leaf.signature.value.subarray(by)))
    expect(await refusal({ leaf: shortened(0), anchors: [ca.der] })).toBe('accepted')
    expect(await refusal({ leaf: shortened(1), anchors: [ca.der] })).toBe(
      'path[0].signature: one that does not verify',
    )
  })

  it('a signature of another key, or another kind of key, is refused', async () => {
    const wrong = root.issue({ issuerKeys: ecKeys() })
    expect(await refusal({ leaf: wrong })).toBe('path[0].signature: one that does not verify')
    expect(await refusal({ leaf: root.issue({ issuerKeys: rsa }) })).toBe(
      'path[0].signature: ec for rsa-pkcs1',
    )
  })

  it('a root of the right name with another key is refused', async () => {
    const forged = makeCa('root', undefined, {
      extensions: [basicConstraints(true), keyUsage(5), subjectKeyId(keyIdOf(root.keys))],
    })
    expect(await refusal({ leaf: forged.issue({}) })).toContain('path[')
    expect(await refusal({ leaf: forged.issue({ extensions: [] }) })).toContain('path[0].signature')
  })

  it.each([
    ['EC', ecKeys()],
    ['RSA', rsa],
  ])('no change of a byte verifies: %s', { timeout: 60_000 }, async (_, keys) => {
    const ca = caWith(keys)
    const leaf = ca.issue({
      extensions: [basicConstraints(false), keyUsage(2), authorityKeyId(keyIdOf(keys))],
    })
    expect(await refusal({ leaf, anchors: [ca.der] })).toBe('accepted')
    const anchors = indexCertificates([parseCertificate(ca.der)])
    for (let at = 0; at < leaf.length; at++) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const verified = await accepts(flip(leaf, at, mask), anchors)
        expect(verified, `byte ${at} changed by ${mask}`).toBe(false)
      }
    }
  })

  async function accepts(der: Uint8Array, anchors: PathOptions['anchors']): Promise<boolean> {
    try {
      await buildPath(parseCertificate(der), { anchors, at: now })
      return true
    } catch (error) {
      if (!isTrustholdError(error, 'CERTIFICATE_INVALID')) throw error
      return false
    }
  }
})

describe('brainpool curves', () => {
  it.each(['brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1'])(
    '%s, by the WebCrypto that comes along',
    async (curve) => {
      const ca = makeCa('bp', undefined, { keys: ecKeys(curve) })
      const leaf = ca.issue({ signing: { hash: 'sha384' } })
      expect(await refusal({ leaf, anchors: [ca.der] })).toBe('accepted')
      for (const at of [60, leaf.length - 1, leaf.length - 40]) {
        expect(
          await refusal({ leaf: flip(leaf, at, 1), anchors: [ca.der] }).catch(
            (e: unknown) => (e as { code: string }).code,
          ),
        ).not.toBe('accepted')
      }
    },
  )

  it('go to the provider that is injected, which alone decides', async () => {
    const ca = makeCa('bp', undefined, { keys: ecKeys('brainpoolP256r1') })
    const leaf = ca.issue({})
    const calls: unknown[] = []
    const provider = (answer: () => unknown) => ({
      subtle: {
        importKey: async (...args: unknown[]) => calls.push(args.slice(2)),
        verify: async (_: unknown, __: unknown, signature: Uint8Array) => {
          calls.push(signature.length)
          return answer() as boolean
        },
      },
    })
    const given = { leaf, anchors: [ca.der] }
    expect(await refusal(given, { webcrypto: provider(() => true) })).toBe('accepted')
    expect(calls).toEqual([[{ name: 'ECDSA', namedCurve: 'brainpoolP256r1' }, false, ['verify']], 64])
    expect(await refusal(given, { webcrypto: provider(() => false) })).toContain('path[0].signature')
    expect(await refusal(given, { webcrypto: provider(() => 'yes') })).toContain('path[0].signature')
    const broken = provider(() => {
      throw new Error('no such curve')
    })
    expect(await refusal(given, { webcrypto: broken })).toContain('path[0].signature')
  })
})
