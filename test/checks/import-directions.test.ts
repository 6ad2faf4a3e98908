import { readdirSync } from 'node:fs'
import { ESLint } from 'eslint'
import tseslint from 'typescript-eslint'
import { describe, expect, it } from 'vitest'
import { libraries, rooms } from '../../eslint.config.js'

// Without types, snippets may stand in files that do not exist.
const eslint = new ESLint({ overrideConfig: [tseslint.configs.disableTypeChecked], ruleFilter: isImportRule })

function isImportRule({ ruleId }: { ruleId: string }): boolean {
  return ruleId.startsWith('no-restricted-')
}

async function complaints(filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${code}\n`, { filePath })
  return (result?.messages ?? []).map((message) => message.ruleId ?? message.message)
}

const core = 'packages/core/src'

const refused: readonly (readonly [file: string, code: string])[] = [
  // between rooms
  [`${core}/errors/a.ts`, "import { toHex } from '../bytes/index.js'"],
  [`${core}/verdict/a.ts`, "import { TrustholdError } from '../errors/index.js'"],
  [`${core}/bytes/a.ts`, "import { u8 } from '../codec/index.js'"],
  [`${core}/codec/a.ts`, "import { TpmsAttest } from '../tpm2/index.js'"],
  [`${core}/tpm2/a.ts`, "import { replay } from '../measured-boot/index.js'"],
  [`${core}/x509/a.ts`, "import { u8 } from '../codec/index.js'"],
  [`${core}/ports/a.ts`, "import type { Quote } from '../tpm2/index.js'"],
  [`${core}/policy/a.ts`, "import { sign } from '../jose/index.js'"],
  [`${core}/key-provider/a.ts`, "import { attest } from '../attestation/index.js'"],
  [`${core}/trusted-host/a.ts`, "import { attest } from '../attestation/index.js'"],
  [`${core}/http/a.ts`, "import { createAuthority } from '../authority/index.js'"],
  [`${core}/attestation/a.ts`, "import { fake } from '../testing/index.js'"],
  [`${core}/index.ts`, "export { u8 } from './codec/index.js'"],
  [`${core}/trusted-host/a.ts`, "import { createHandler } from '../http/index.js'"],
  // past another room's index
  [`${core}/tpm2/a.ts`, "import { u8 } from '../codec/numbers.js'"],
  [`${core}/tpm2/a.ts`, "import { u8 } from '../codec/numbers/index.js'"],
  [`${core}/tpm2/a.ts`, "import '../index.js'"],
  [`${core}/index.ts`, "export { toHex } from './bytes/encoding.js'"],
  // from deeper down, and by detours
  [`${core}/tpm2/structures/a.ts`, "import { replay } from '../../measured-boot/index.js'"],
  [`${core}/tpm2/structures/a.ts`, "import '../../../../kmip-adapter/src/index.js'"],
  [`${core}/tpm2/a/b/c.ts`, "import { replay } from '../../../policy/index.js'"],
  [`${core}/tpm2/a.ts`, "import { replay } from './../measured-boot/index.js'"],
  [`${core}/tpm2/a.ts`, "import { replay } from '../codec/../measured-boot/index.js'"],
  [`${core}/tpm2/a.ts`, "import '/etc/module.js'"],
  [`${core}/tpm2/a/b/c/d/e.ts`, "import { f } from './f.js'"],
  [`${core}/unknown/a.ts`, "import { f } from './f.js'"],
  // by other ways to import
  [`${core}/tpm2/a.ts`, "export { replay } from '../measured-boot/index.js'"],
  [`${core}/tpm2/a.ts`, "export * from '../measured-boot/index.js'"],
  [`${core}/tpm2/a.ts`, "import type { Log } from '../measured-boot/index.js'"],
  [`${core}/tpm2/a.ts`, "export const load = () => import('../measured-boot/index.js')"],
  [`${core}/tpm2/a.ts`, "export type Log = import('../measured-boot/index.js').Log"],
  [`${core}/tpm2/a.ts`, 'export const load = (name: string) => import(name)'],
  // between packages
  [`${core}/tpm2/a.ts`, "import { toHex } from '@trusthold/core/bytes'"],
  [`${core}/tpm2/a.ts`, "import { openTpm } from '@trusthold/tpm-adapter'"],
  [`${core}/tpm2/a.ts`, "import '../../../tpm-adapter/src/index.js'"],
  ['packages/tpm-adapter/src/a.ts', "import { KmipClient } from '@trusthold/kmip-adapter'"],
  ['packages/tpm-adapter/src/a.ts', "import { TrustholdError } from '@trusthold/core'"],
  ['packages/tpm-adapter/src/a.ts', "import { fake } from '@trusthold/core/testing'"],
  ['packages/tpm-adapter/src/a.ts', "import { TrustholdError } from '@trusthold/core/src/errors/index.js'"],
  ['packages/kmip-adapter/src/a.ts', "import '../../core/src/errors/index.js'"],
  ['packages/kmip-adapter/src/ttlv/a.ts', "import '../../../core/src/errors/index.js'"],
  ['packages/storage-adapter/src/sqlite/a.ts', "import '../../../core/src/errors/index.js'"],
  ['packages/kmip-adapter/src/a.ts', "import '../../../examples/quickstart/src/main.js'"],
  ['examples/quickstart/src/a.ts', "import '@trusthold/example-trusted-host'"],
  ['examples/quickstart/src/a.ts', "import '../../../packages/core/src/errors/index.js'"],
  ['test/e2e/a.test.ts', "import '../../packages/core/src/errors/index.js'"],
  ['packages/kmip-adapter/test/a.test.ts', "import '../../core/src/errors/index.js'"],
  // libraries outside their folder
  [`${core}/token/a.ts`, "import { SignJWT } from 'jose'"],
  [`${core}/token/a.ts`, "import { SignJWT } from 'jose/jwt/sign'"],
  [`${core}/http/a.ts`, "import { AsnParser } from '@peculiar/asn1-schema'"],
  [`${core}/endorsement/a.ts`, "export const forge = () => import('node-forge')"],
  [`${core}/authority/a.ts`, "import { Hono } from 'hono'"],
  [`${core}/attestation/a.ts`, "import { z } from 'zod'"],
  [`${core}/trusted-host/a.ts`, "import { Agent } from 'undici'"],
  ['packages/storage-adapter/src/memory/a.ts', "import { Kysely } from 'kysely'"],
  ['packages/storage-adapter/src/a.ts', "import Database from 'libsql'"],
  [`${core}/bytes/a.ts`, "import { Buffer } from 'buffer'"],
  [`${core}/testing/a.ts`, "import { test } from 'vitest'"],
  [`${core}/jose/a.ts`, "import unheardOf from 'jose-unheard-of'"],
]

const accepted: readonly (readonly [file: string, code: string])[] = [
  [`${core}/index.ts`, "export { toHex } from './bytes/index.js'"],
  [`${core}/tpm2/a.ts`, "import { createHash } from 'node:crypto'"],
  [`${core}/tpm2/a.ts`, "import { u8 } from '../codec/index.js'"],
  [`${core}/tpm2/a.ts`, "import { algorithms } from './algorithms.js'"],
  [`${core}/tpm2/structures/a.ts`, "import { u8 } from '../../codec/index.js'"],
  [`${core}/tpm2/structures/a.ts`, "import { algorithms } from '../algorithms.js'"],
  [`${core}/http/attestation/a.ts`, "import { attest } from '../key-provider/routes.js'"],
  [`${core}/jose/a.ts`, "import { SignJWT } from 'jose/jwt/sign'"],
  [`${core}/x509/a.ts`, "export const forge = () => import('node-forge')"],
  [`${core}/trusted-host/a.ts`, "import { call } from '../http/client.js'"],
  [`${core}/testing/a.ts`, "import { createAuthority } from '../authority/index.js'"],
  ['packages/tpm-adapter/src/a.ts', "import { TrustholdError } from '@trusthold/core/errors'"],
  ['packages/kmip-adapter/src/ttlv/a.ts', "import { version } from '../version.js'"],
  ['packages/storage-adapter/src/sqlite/a.ts', "import { Kysely } from 'kysely'"],
  ['examples/quickstart/src/a.ts', "import { openTpm } from '@trusthold/tpm-adapter'"],
  ['examples/quickstart/src/a.ts', "import { start } from '../../../scripts/peers/swtpm.mjs'"],
  ['packages/tpm-adapter/test/a.test.ts', "import { startSwtpm } from '../../../scripts/peers/swtpm.mjs'"],
  ['packages/tpm-adapter/test/a.test.ts', "import { fake } from '@trusthold/core/testing'"],
]

describe('import directions', () => {
  it.each(refused)('%s refuses %s', async (file, code) => {
    const found = await complaints(file, code)
    expect(found).not.toEqual([])
    expect(found.filter((rule) => !rule.startsWith('no-restricted-'))).toEqual([])
  })

  it.each(accepted)('%s accepts %s', async (file, code) => {
    expect(await complaints(file, code)).toEqual([])
  })

  it('has a row for every room there is', () => {
    const folders = readdirSync(core, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(Object.keys(rooms)).toEqual(expect.arrayContaining(folders.map((folder) => folder.name)))
  })

  it('has no circle among the rooms', () => {
    const settled = new Set(['.', 'testing'])
    const open = Object.keys(rooms).filter((room) => !settled.has(room))
    while (open.length > 0) {
      const next = open.findIndex((room) =>
        (rooms[room] ?? []).every((name) => settled.has(name.replace(/\/.*/, ''))),
      )
      expect(next, `a circle among ${open.join(', ')}`).not.toBe(-1)
      settled.add(...(open.splice(next, 1) as [string]))
    }
  })

  it('gives every library a home', () => {
    expect(Object.values(libraries).every((homes) => homes.length > 0)).toBe(true)
  })
})

describe('type-aware rules', () => {
  it('refuses a promise that nobody awaits', async () => {
    // On a CI machine the parser takes files as they are on disk, in place of the text that it is given here.
    const parserOptions = { disallowAutomaticSingleRunInference: true }
    const typed = new ESLint({
      overrideConfig: { languageOptions: { parserOptions } },
      ruleFilter: ({ ruleId }) => ruleId.endsWith('no-floating-promises'),
    })
    const code = 'export function start(): void {\n  Promise.resolve(1)\n}\n'
    const [result] = await typed.lintText(code, { filePath: `${core}/index.ts` })
    expect(result?.messages.map((message) => message.ruleId)).toEqual([
      '@typescript-eslint/no-floating-promises',
    ])
  }, 60_000)
})
