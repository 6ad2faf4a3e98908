import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { toHex, utf8 } from '@trusthold/core/bytes'
import { decode, encode } from '@trusthold/core/codec'
import {
  akTemplates,
  type CurveName,
  computePolicyDigest,
  type Duplicate,
  digestOf,
  type EccPublic,
  ekTemplates,
  type ImportableObject,
  type InnerWrapper,
  importableKey,
  makeDuplicate,
  objectAttributes,
  openDuplicate,
  policyAuthValue,
  policyCommandCode,
  policyPCR,
  publicKeyOf,
  type RsaPublic,
  sealedObject,
  type TpmtPublic,
  tpm2bPublic,
  tpmtSignature,
  verifySignature,
} from '@trusthold/core/tpm2'
import { beforeAll, describe, expect, test } from 'vitest'
import { startTools } from '../tpm2-tools.js'

const { tools } = await startTools()
beforeAll(() => {
  tools.run('pcrextend', `7:sha256=${'11'.repeat(32)}`)
})

/** A storage key in the TPM: how the tools name it, and how they are authorised to use it. */
interface Parent {
  readonly publicArea: TpmtPublic
  readonly context: string
  readonly policy: boolean
}

function readParent(context: string, policy: boolean): Parent {
  tools.run('readpublic', '-c', context, '-o', 'parent.pub')
  tools.flush()
  return { publicArea: decode(tpm2bPublic, tools.read('parent.pub')), context, policy }
}

function createStorageRoot(algorithm: string, hash: string): Parent {
  tools.run('createprimary', '-C', 'o', '-G', algorithm, '-g', hash, '-c', 'parent')
  tools.flush()
  return readParent('parent', false)
}

const parents: readonly (readonly [string, () => Parent])[] = [
  ['an RSA-2048 storage root key', () => createStorageRoot('rsa2048:aes128cfb', 'sha256')],
  ['an RSA-3072 key, SHA-384, AES-256', () => createStorageRoot('rsa3072:aes256cfb', 'sha384')],
  ['a P-256 storage root key', () => createStorageRoot('ecc256:aes128cfb', 'sha256')],
  ['a P-384 key, SHA-384, AES-256', () => createStorageRoot('ecc384:aes256cfb', 'sha384')],
  ['a P-521 key, SHA-512, AES-256', () => createStorageRoot('ecc521:aes256cfb', 'sha512')],
  ['the RSA endorsement key', () => readParent('0x81010001', true)],
  ['the P-384 endorsement key', () => readParent('0x81010016', false)],
]

/** Runs a tool that uses the parent, in the session that it needs. */
function withParent({ context, policy }: Parent, tool: string, ...args: string[]): void {
  if (policy) {
    tools.run('startauthsession', '--policy-session', '-S', 'parent.session')
    tools.run('policysecret', '-S', 'parent.session', '-c', 'e')
  }
  tools.run(tool, '-C', context, ...(policy ? ['-P', 'session:parent.session'] : []), ...args)
  tools.flush()
}

/** tpm2_import and tpm2_load; the object's context is in `object`. */
function importAndLoad(parent: Parent, made: Duplicate, inner?: InnerWrapper): void {
  tools.write('object.pub', made.objectPublic)
  tools.write('object.dup', made.duplicate)
  tools.write('object.seed', made.inSymSeed)
  if (inner !== undefined) tools.write('inner.key', inner.key)
  const files = ['-u', 'object.pub', '-i', 'object.dup', '-s', 'object.seed', '-r', 'object.priv']
  const wrapper = inner === undefined ? [] : ['-G', 'aes', '-k', 'inner.key']
  withParent(parent, 'import', ...files, ...wrapper)
  tools.run('flushcontext', '-t')
  // tpm2_load authorises the parent with -P as well.
  withParent(parent, 'load', '-u', 'object.pub', '-r', 'object.priv', '-c', 'object')
}

const inner = (): InnerWrapper => ({
  symmetric: { algorithm: 'aes', keyBits: 128, mode: 'cfb' },
  key: new Uint8Array(randomBytes(16)),
})
const data = utf8('thirty-two bytes of sealed data!')

function pcrPolicy(): Uint8Array {
  tools.run('pcrread', 'sha256:7', '-o', 'values')
  const values = new Map([[7, tools.read('values')]])
  return computePolicyDigest('sha256', policyPCR([{ bank: 'sha256', values }]))
}

function unsealUnderPolicy(): Uint8Array {
  tools.run('startauthsession', '--policy-session', '-S', 'session')
  tools.run('policypcr', '-S', 'session', '-l', 'sha256:7')
  try {
    tools.run('unseal', '-c', 'object', '-p', 'session:session', '-o', 'unsealed')
  } finally {
    tools.flush()
  }
  return tools.read('unsealed')
}

describe.each(parents)('duplicates that we make for %s', (_name, createParent) => {
  let parent: Parent
  beforeAll(() => {
    parent = createParent()
  })
  const make = (object: ImportableObject, innerWrapper?: InnerWrapper): Duplicate =>
    makeDuplicate({ object, newParent: parent.publicArea, ...(innerWrapper && { innerWrapper }) })

  test('are imported and unsealed under their PCR policy, and not after the PCR changed', () => {
    const object = sealedObject({ data, authPolicy: pcrPolicy() })
    importAndLoad(parent, make(object))
    expect(unsealUnderPolicy()).toEqual(data)
    tools.run('pcrextend', `7:sha256=${'22'.repeat(32)}`)
    expect(unsealUnderPolicy).toThrow()
    // No password opens what only the policy may.
    expect(() => tools.run('unseal', '-c', 'object')).toThrow()
    tools.flush()
  })

  test('are imported with an inner wrapper, and only with its key', () => {
    const wrapper = inner()
    const made = make(sealedObject({ data, authValue: utf8('password') }), wrapper)
    const wrong = { ...wrapper, key: wrapper.key.map((byte) => byte ^ 1) }
    expect(() => importAndLoad(parent, made, wrong)).toThrow()
    tools.flush()
    importAndLoad(parent, made, wrapper)
    tools.run('unseal', '-c', 'object', '-p', 'password', '-o', 'unsealed')
    tools.flush()
    expect(tools.read('unsealed')).toEqual(data)
  })

  test('are refused by the TPM when a bit of them is changed', () => {
    const made = make(sealedObject({ data }))
    const flip = (bytes: Uint8Array, at: number): Uint8Array =>
      bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
    const { duplicate, objectPublic, inSymSeed } = made
    for (const changed of [
      { ...made, duplicate: flip(duplicate, 10) },
      { ...made, duplicate: flip(duplicate, duplicate.length - 1) },
      { ...made, objectPublic: flip(objectPublic, objectPublic.length - 1) },
      { ...made, inSymSeed: flip(inSymSeed, inSymSeed.length - 1) },
    ]) {
      expect(() => importAndLoad(parent, changed)).toThrow()
      tools.flush()
    }
  })
})

const signing = objectAttributes('userWithAuth', 'sign')
const storing = objectAttributes('userWithAuth', 'restricted', 'decrypt')
const rsaSigning: RsaPublic = { ...akTemplates['rsa-2048'], objectAttributes: signing }
const eccSigning: EccPublic = { ...akTemplates['ecc-p256'], objectAttributes: signing }

describe('keys that we duplicate', () => {
  const message = utf8('to be signed')
  const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey
  const ecc = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey
  const onCurve = (curveID: CurveName): EccPublic => ({
    ...eccSigning,
    parameters: { ...eccSigning.parameters, curveID },
  })
  const large: RsaPublic = {
    ...rsaSigning,
    nameAlg: 'sha384',
    parameters: { ...rsaSigning.parameters, keyBits: 3072 },
  }

  test.each<[string, RsaPublic | EccPublic, () => KeyObject]>([
    ['RSA-2048', rsaSigning, () => rsa(2048)],
    ['RSA-3072 with a SHA-384 name', large, () => rsa(3072)],
    ['P-256', eccSigning, () => ecc('P-256')],
    ['P-384', onCurve('P-384'), () => ecc('P-384')],
    ['P-521', onCurve('P-521'), () => ecc('P-521')],
  ])('sign in the TPM: %s', (_name, template, generate) => {
    const parent = createStorageRoot('ecc256:aes128cfb', 'sha256')
    const object = importableKey({ privateKey: generate(), template, authValue: utf8('password') })
    importAndLoad(parent, makeDuplicate({ object, newParent: parent.publicArea }))
    tools.write('message', message)
    tools.run('sign', '-c', 'object', '-p', 'password', '-g', 'sha256', '-o', 'signature', 'message')
    tools.flush()
    const signature = decode(tpmtSignature, tools.read('signature'))
    const { publicArea } = object
    expect(verifySignature({ key: publicKeyOf(publicArea), publicArea, signature, message })).toBe(true)
  })
})

test('storage keys that we duplicate receive duplicates in their turn', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const template: EccPublic = {
    ...(ekTemplates['L-2'].publicArea as EccPublic),
    objectAttributes: storing,
    authPolicy: new Uint8Array(),
  }
  const root = createStorageRoot('rsa2048:aes128cfb', 'sha256')
  const storage = importableKey({ privateKey, template })
  importAndLoad(root, makeDuplicate({ object: storage, newParent: root.publicArea }))
  tools.write('storage', tools.read('object'))
  const parent = { publicArea: storage.publicArea, context: 'storage', policy: false }
  importAndLoad(parent, makeDuplicate({ object: sealedObject({ data }), newParent: parent.publicArea }))
  tools.run('unseal', '-c', 'object', '-o', 'unsealed')
  tools.flush()
  expect(tools.read('unsealed')).toEqual(data)
})

describe('duplicates of tpm2_duplicate', () => {
  /** A storage key outside of the TPM, which it knows the public area of. */
  function createSoftwareParent(kind: 'rsa' | 'ecc') {
    const { privateKey } =
      kind === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const base = ekTemplates[kind === 'rsa' ? 'L-1' : 'L-2'].publicArea
    const template = { ...base, objectAttributes: storing, authPolicy: new Uint8Array() }
    const { publicArea } = importableKey({ privateKey, template })
    tools.write('new-parent.pub', encode(tpm2bPublic, publicArea))
    tools.run('loadexternal', '-C', 'n', '-u', 'new-parent.pub', '-c', 'new-parent')
    tools.flush()
    return { privateKey, publicArea }
  }

  /** An object of the TPM that may be duplicated. */
  function createDuplicable(attributes: string): void {
    tools.write('policy', computePolicyDigest('sha256', policyCommandCode('TPM2_Duplicate')))
    tools.run('createprimary', '-C', 'o', '-c', 'primary')
    tools.flush()
    tools.write('data', data)
    const files = ['-u', 'object.pub', '-r', 'object.priv']
    tools.run(
      'create',
      '-C',
      'primary',
      '-i',
      'data',
      '-L',
      'policy',
      '-a',
      attributes,
      '-p',
      'password',
      ...files,
    )
    tools.flush()
    tools.run('load', '-C', 'primary', ...files, '-c', 'object')
    tools.flush()
  }

  function duplicate(...wrapper: string[]): Duplicate {
    tools.run('startauthsession', '--policy-session', '-S', 'session')
    tools.run('policycommandcode', '-S', 'session', 'TPM2_CC_Duplicate')
    const files = ['-r', 'dup.priv', '-s', 'dup.seed']
    tools.run('duplicate', '-C', 'new-parent', '-c', 'object', '-p', 'session:session', ...wrapper, ...files)
    tools.flush()
    return {
      objectPublic: tools.read('object.pub'),
      duplicate: tools.read('dup.priv'),
      inSymSeed: tools.read('dup.seed'),
    }
  }

  test.each(['rsa', 'ecc'] as const)('open with the private key of an %s parent', (kind) => {
    const { privateKey, publicArea: newParent } = createSoftwareParent(kind)
    createDuplicable('userwithauth')
    const { sensitive } = openDuplicate({ privateKey, newParent, ...duplicate('-G', 'null') })
    expect(sensitive.sensitiveType).toBe('keyedhash')
    expect(sensitive.sensitive).toEqual(data)
    expect(toHex(sensitive.authValue)).toContain(toHex(utf8('password')))
  })

  test.each(['rsa', 'ecc'] as const)('open with an inner wrapper and an %s parent', (kind) => {
    const { privateKey, publicArea: newParent } = createSoftwareParent(kind)
    createDuplicable('userwithauth|encryptedduplication')
    const innerWrapper = inner()
    tools.write('inner.key', innerWrapper.key)
    const made = duplicate('-G', 'aes', '-i', 'inner.key')
    const opened = openDuplicate({ privateKey, newParent, innerWrapper, ...made })
    expect(opened.sensitive.sensitive).toEqual(data)
    expect(() => openDuplicate({ privateKey, newParent, ...made })).toThrow(
      expect.objectContaining({ code: 'TPM_DUPLICATE_INVALID' }),
    )
  })
})

test.each(['rsa', 'ecc'] as const)('what tpm2_duplicate makes of an %s key without a TPM opens', (kind) => {
  const parent = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const base = ekTemplates['H-3'].publicArea as EccPublic
  const newParent = importableKey({ privateKey: parent.privateKey, template: base }).publicArea
  const key =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
      : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  tools.write('parent.pub', encode(tpm2bPublic, newParent))
  tools.write('key.pem', utf8(key.export({ type: 'pkcs8', format: 'pem' }).toString()))
  const files = ['-k', 'key.pem', '-u', 'dup.pub', '-r', 'dup.priv', '-s', 'dup.seed']
  tools.run('duplicate', '-U', 'parent.pub', '-G', kind, '-p', 'password', ...files)
  const made = {
    objectPublic: tools.read('dup.pub'),
    duplicate: tools.read('dup.priv'),
    inSymSeed: tools.read('dup.seed'),
  }
  const { publicArea, sensitive } = openDuplicate({ privateKey: parent.privateKey, newParent, ...made })
  const template = publicArea as RsaPublic | EccPublic
  expect(importableKey({ privateKey: key, template }).publicArea).toEqual(publicArea)
  expect(sensitive.sensitiveType).toBe(kind)
})

test('a policy of several assertions guards what we seal', () => {
  const parent = createStorageRoot('ecc256:aes128cfb', 'sha256')
  const authPolicy = computePolicyDigest('sha256', policyAuthValue, policyCommandCode('TPM2_Unseal'))
  const object = sealedObject({ data, authPolicy, authValue: digestOf('sha256', data) })
  importAndLoad(parent, makeDuplicate({ object, newParent: parent.publicArea }))
  tools.run('startauthsession', '--policy-session', '-S', 'session')
  tools.run('policyauthvalue', '-S', 'session')
  tools.run('policycommandcode', '-S', 'session', 'TPM2_CC_Unseal')
  const password = `hex:${toHex(digestOf('sha256', data))}`
  tools.run('unseal', '-c', 'object', '-p', `session:session+${password}`, '-o', 'unsealed')
  tools.flush()
  expect(tools.read('unsealed')).toEqual(data)
})
