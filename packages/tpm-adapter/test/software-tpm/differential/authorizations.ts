import { bare, command, hex, join, nothing, password, sized, u8, u16, u32 } from './bytes.js'
import { index, keys, type Scenario, type Stage } from './scenarios.js'

const owner = 0x4000_0001
const lockout = 0x4000_000a

/** An authorisation with everything that can be given. */
const session = (handle: number, attributes: number, hmac = nothing, nonce = nothing): Uint8Array =>
  join(u32(handle), nonce, u8(attributes), hmac)

const unseal = (...sessions: readonly Uint8Array[]): Uint8Array =>
  command('TPM2_Unseal', { handles: [keys.sealed], sessions })
const read = (handle: number, ...sessions: readonly Uint8Array[]): Uint8Array =>
  command('TPM2_NV_Read', { handles: [handle, index], sessions, parameters: [u16(1), u16(0)] })
const random = (...sessions: readonly Uint8Array[]): Uint8Array =>
  command('TPM2_GetRandom', { sessions, parameters: [u16(4)] })

const cut = (name: string, build: (stage: Stage) => Uint8Array): Scenario => ({ name, build, change: 'cut' })

/** What can be wrong with an authorisation area. */
export const authorizations: readonly Scenario[] = [
  cut('no authorisation', () => unseal()),
  cut('a wrong password', () => read(index, password(hex('01')))),
  cut('a password with zeros at its end', () => unseal(password(hex('0000')))),
  cut('a password that is too long', () => unseal(password(new Uint8Array(65)))),
  cut('two passwords for one handle', () => unseal(password(), password())),
  cut('four authorisations', () => unseal(password(), password(), password(), password())),
  cut('a password for nothing', () => random(password())),
  cut('a password with a nonce', () => unseal(session(0x4000_0009, 1, nothing, sized(hex('01'))))),
  ...[0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80].map((attributes) =>
    cut(`a password with attributes ${attributes}`, () => unseal(session(0x4000_0009, attributes))),
  ),
  cut('a policy that is not met', ({ policy }) => unseal(bare(policy))),
  cut('a trial policy', ({ trial }) => unseal(bare(trial))),
  cut('a session for nothing', ({ policy }) => random(bare(policy))),
  cut('a session of the other type', ({ policy }) => unseal(bare((policy & 0xff) | 0x0200_0000))),
  cut('a session that is not there', () => unseal(bare(0x0300_003f))),
  cut('a handle that is no session', () => unseal(bare(owner))),
  cut('decryption where nothing can be decrypted', ({ policy }) => unseal(session(policy, 0x21))),
  cut('encryption without a cipher', ({ policy }) => unseal(session(policy, 0x41))),
  cut('a policy that audits', ({ policy }) => random(session(policy, 0x81))),
  cut('the same session twice', ({ policy }) => unseal(bare(policy), bare(policy))),
  cut('a policy for a key without one', ({ policy }) =>
    command('TPM2_Sign', {
      handles: [keys.hmac],
      sessions: [bare(policy)],
      parameters: [sized(hex('3c'.repeat(32))), hex('0010'), hex('8024 40000007 0000')],
    }),
  ),
  cut('a policy for the owner, who has none', ({ policy }) => read(owner, bare(policy))),
  cut('a password where only a policy will do', () =>
    command('TPM2_Duplicate', {
      handles: [keys.movable, 0x4000_0007],
      sessions: [password()],
      parameters: [nothing, hex('0010')],
    }),
  ),
  cut('lockout with a wrong handle', () =>
    command('TPM2_Clear', { handles: [owner], sessions: [password()] }),
  ),
  cut('the second authorisation missing', () =>
    command('TPM2_Certify', {
      handles: [keys.signing, keys.signing],
      sessions: [password()],
      parameters: [nothing, hex('0010')],
    }),
  ),
  cut('an NV index that may not be read so', () => read(0x4000_000c, password())),
  cut('another index than the one that authorises', () =>
    command('TPM2_NV_Read', {
      handles: [0x01c0_0002, index],
      sessions: [password()],
      parameters: [u16(1), u16(0)],
    }),
  ),
  cut('lockout, and a policy', ({ policy }) =>
    command('TPM2_DictionaryAttackLockReset', { handles: [lockout], sessions: [bare(policy)] }),
  ),
]
