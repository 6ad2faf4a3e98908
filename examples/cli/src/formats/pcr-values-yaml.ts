import { fromHex } from '@trusthold/core/bytes'
import type { PcrValues } from '@trusthold/core/evidence'
import { type HashAlgorithm, hashFacts, isHashAlgorithm } from '@trusthold/core/tpm2'
import { UserError } from '../user-error.js'

/** PCR numbers of a PC. */
const greatestPcr = 31

const bankLine = /^[ \t]*([a-z][a-z0-9_]*):[ \t]*$/
const valueLine = /^[ \t]+(\d{1,2})[ \t]*:[ \t]*(?:0x)?([0-9a-fA-F]+)[ \t]*$/
const emptyLine = /^[ \t]*$/

interface Line {
  readonly text: string
  /** Counted from 1. */
  readonly number: number
  /** Of its first byte in the file. */
  readonly offset: number
}

/** Whether the bytes are text that starts as tpm2-tools' YAML does: with a name and a colon. */
export function looksLikeYaml(bytes: Uint8Array): boolean {
  return /^\s*[a-z][a-z0-9_]*:/.test(Buffer.from(bytes.subarray(0, 256)).toString('latin1'))
}

/**
 * Reads what `tpm2_pcrread` prints. Banks without values, which a TPM does not have, are left out.
 * @throws UserError with line and offset
 */
export function readYamlPcrs(bytes: Uint8Array): readonly PcrValues[] {
  const banks = new Map<HashAlgorithm, Map<number, Uint8Array>>()
  let current: HashAlgorithm | undefined
  for (const line of divideLines(bytes)) {
    if (emptyLine.test(line.text)) continue
    const bank = bankLine.exec(line.text)?.[1]
    if (bank === undefined) {
      if (current === undefined) refuse(line, 'the name of a bank and a colon')
      readValue(line, current, banks.get(current) as Map<number, Uint8Array>)
      continue
    }
    if (!isHashAlgorithm(bank) || banks.has(bank)) refuse(line, 'a hash algorithm, each once')
    current = bank
    banks.set(bank, new Map())
  }
  return [...banks].filter(([, values]) => values.size > 0).map(([bank, values]) => ({ bank, values }))
}

function readValue(line: Line, bank: HashAlgorithm, values: Map<number, Uint8Array>): void {
  const [, index = '', hex = ''] = valueLine.exec(line.text) ?? []
  const { size } = hashFacts(bank)
  const pcr = Number(index)
  if (hex.length !== 2 * size || pcr > greatestPcr) {
    refuse(line, `a PCR's number, a colon and ${size} bytes in hexadecimal`)
  }
  if (values.has(pcr)) refuse(line, `PCR ${pcr} once`)
  values.set(pcr, fromHex(hex))
}

function divideLines(bytes: Uint8Array): Line[] {
  let offset = 0
  const texts = Buffer.from(bytes).toString('latin1').split('\n')
  return texts.map((whole, i) => {
    const line = { text: whole.replace(/\r$/, ''), number: i + 1, offset }
    offset += whole.length + 1
    return line
  })
}

function refuse({ text, number, offset }: Line, expected: string): never {
  const found = JSON.stringify(text.trim().slice(0, 60))
  throw new UserError(`line ${number}: expected ${expected} at offset ${offset}, found ${found}`)
}
