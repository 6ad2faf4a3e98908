import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { recorded, run, runJson } from '../running.js'

const file = recorded('boot-secure/ek-rsa-2048.tpmt')

test('the name of a public area, alone on its line', async () => {
  const { code, stdout, stderr } = await run(['name', file])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^000b[0-9a-f]{64}\n$/)
})

test('the document', async () => {
  expect(await runJson(['name', file], 0)).toStrictEqual({
    name: (await run(['name', file])).stdout.trim(),
    nameAlg: 'sha256',
    type: 'rsa',
    attributes: [
      'fixedTPM',
      'fixedParent',
      'sensitiveDataOrigin',
      'adminWithPolicy',
      'restricted',
      'decrypt',
    ],
  })
})

test('from standard input it is the same', async () => {
  const piped = await run(['name', '-'], new Uint8Array(readFileSync(file)))
  expect(piped).toEqual(await run(['name', file]))
})

test('an object without name algorithm has none', async () => {
  const bytes = new Uint8Array(readFileSync(file))
  bytes.set([0x00, 0x10], 2)
  expect(await run(['name', '-'], bytes)).toEqual({
    code: 2,
    stdout: '',
    stderr: 'trusthold: standard input: nameAlg: an object without name algorithm\n',
  })
})
