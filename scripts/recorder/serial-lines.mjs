/**
 * What a guest says on its second serial port, line by line: files in base64 between two marks, and values of PCRs.
 * @module
 */
import { createInterface } from 'node:readline'
import { banks } from './swtpm.mjs'

/** The guest's last line. */
export const lastLine = 'DONE'
const bootTimeoutMs = 300_000

/**
 * Collects the lines up to the last one.
 * @param {import('node:child_process').ChildProcess} qemu with the port as its standard output
 * @returns {Promise<string[]>}
 */
export async function readLines(qemu) {
  if (qemu.stdout === null || qemu.stderr === null) throw new Error('QEMU has no pipes')
  let complaint = ''
  qemu.stderr.on('data', (chunk) => {
    complaint += chunk
  })
  const timer = setTimeout(() => qemu.kill('SIGKILL'), bootTimeoutMs)
  const lines = []
  try {
    for await (const line of createInterface({ input: qemu.stdout })) {
      if (line.trim() === lastLine) return lines
      lines.push(line.trim())
    }
  } finally {
    clearTimeout(timer)
  }
  throw new Error(`the guest did not finish its boot; QEMU says: ${complaint}`)
}

/** The file that the guest showed by this name. @param {readonly string[]} lines @param {string} name */
export function sectionOf(lines, name) {
  const from = lines.indexOf(`BEGIN ${name}`)
  const to = lines.indexOf(`END ${name}`)
  if (from === -1 || to < from) throw new Error(`the guest did not show its ${name}`)
  return Buffer.from(lines.slice(from + 1, to).join(''), 'base64')
}

/**
 * @param {readonly string[]} lines
 * @param {string} label what the lines with values of PCRs start with
 * @returns {import('./attestation.mjs').Pcrs}
 */
export function pcrsOf(lines, label) {
  /** @type {import('./attestation.mjs').Pcrs} */
  const pcrs = Object.fromEntries(banks.map((bank) => [bank, {}]))
  for (const line of lines) {
    const [found, bank = '', pcr = '', value = ''] = line.split(' ')
    const values = pcrs[bank]
    if (found === label && values !== undefined) values[pcr] = value.toLowerCase()
  }
  return pcrs
}
