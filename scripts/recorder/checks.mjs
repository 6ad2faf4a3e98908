/**
 * Has other implementations judge a recording before it is written: a recording that does not hold together is none.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './processes.mjs'
import { banks } from './swtpm.mjs'
import { predictKernelPcr } from './uki.mjs'

/** @typedef {import('./attestation.mjs').Pcrs} Pcrs */

/**
 * Has tpm2_eventlog replay the log: the firmware's PCRs must be those that the kernel reported.
 * @param {string} file
 * @param {Pcrs} pcrs
 */
export async function checkReplay(file, pcrs) {
  const text = (await run('tpm2_eventlog', [file])).toString()
  let checked = 0
  let bank = ''
  for (const line of text.slice(text.lastIndexOf('\npcrs:')).split('\n')) {
    bank = /^ {2}(sha\d+):$/.exec(line)?.[1] ?? bank
    const [, pcr, value] = /^ {4}(\d+) *: 0x([0-9a-f]+)$/.exec(line) ?? []
    if (pcr === undefined) continue
    if (pcrs[bank]?.[pcr] !== value) throw new Error(`the event log does not replay to PCR ${pcr} of ${bank}`)
    checked++
  }
  if (checked < 40) throw new Error(`only ${checked} PCRs could be compared with the event log`)
}

/**
 * Has evmctl replay the IMA list, and verify the signatures in it: PCR 10 must be what the kernel reported, in the
 * bank whose digest the list holds and in that of the list's own hash. What the list calls a violation is in PCR 10
 * with another digest; "ignore" means that evmctl knows this.
 * @param {string} directory for evmctl's files
 * @param {string} file
 * @param {Pcrs} pcrs
 * @param {readonly string[]} signers paths of certificates; none: the list has no signatures
 */
export async function checkImaList(directory, file, pcrs, signers) {
  // One bank at a time: of several, one that matches is enough for evmctl.
  for (const bank of ['sha1', 'sha256']) {
    const values = join(directory, `pcrs-${bank}.txt`)
    const lines = Object.entries(pcrs[bank] ?? {}).map(
      ([pcr, value]) => `PCR-${pcr.padStart(2, '0')}: ${value}\n`,
    )
    await writeFile(values, lines.join(''))
    const keys = signers.length > 0 ? ['--verify-sig', '--key', signers.join(',')] : []
    const args = [
      'ima_measurement',
      '-v',
      '--ignore-violations',
      '--pcrs',
      `${bank},${values}`,
      ...keys,
      file,
    ]
    // It says what it found on standard error; of signatures by keys that it does not know it only says so.
    const text = (await run('sh', ['-c', 'exec "$@" 2>&1', 'sh', 'evmctl', ...args])).toString()
    const verified = text.match(/: verification is OK$/gm)?.length ?? 0
    if (signers.length > 0 && (verified === 0 || /unknown keyid|verification failed/.test(text)))
      throw new Error('the IMA list has signatures that cannot be verified')
  }
}

/**
 * Has systemd reckon what its stub makes of PCR 11.
 * @param {Readonly<Record<string, string>>} sections
 * @param {Pcrs} pcrs
 */
export async function checkKernelPcr(sections, pcrs) {
  const predicted = await predictKernelPcr(sections, banks)
  for (const bank of banks) {
    if (predicted.get(bank) === undefined || predicted.get(bank) !== pcrs[bank]?.['11'])
      throw new Error(`PCR 11 of ${bank} is not what systemd-measure predicts`)
  }
}
