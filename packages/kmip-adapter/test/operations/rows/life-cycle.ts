import { B, D, E, I, L, plain, S, secret, T, V } from '../../items.js'
import { collectRows, first, id, state1, tagged, template, uid } from './row.js'

export const lifeCycle = collectRows((ask, answer) => {
  ask(
    'Revoke',
    '1.0',
    {
      ...id,
      revocationReason: { revocationReasonCode: 'KeyCompromise', revocationMessage: 'why' },
      compromiseOccurrenceDate: 6n,
    },
    uid,
    S('RevocationReason', E('RevocationReasonCode', 'KeyCompromise'), T('RevocationMessage', 'why')),
    D('CompromiseOccurrenceDate', 6n),
  )
  answer('Revoke', '1.0', id, uid)

  ask(
    'ReKey',
    first,
    { ...id, offset: 60, ...template },
    uid,
    V('Offset', 60),
    S('TemplateAttribute', state1),
  )
  ask(
    'ReKey',
    '2.0',
    { ...id, ...tagged, protectionStorageMasks: {} },
    uid,
    S('Attributes', E('State', 'Active')),
    S('ProtectionStorageMasks'),
  )
  answer('ReKey', first, { ...id, ...template }, uid, S('TemplateAttribute', state1))

  const derivation = {
    objectType: 'SymmetricKey',
    uniqueIdentifier: ['7', '7'],
    derivationMethod: 'PBKDF2',
    derivationParameters: {
      cryptographicParameters: { hashingAlgorithm: 'SHA_256' },
      initializationVector: plain(1),
      derivationData: secret(2),
      salt: plain(3),
      iterationCount: 4096,
    },
  }
  const derivationItems = [
    E('ObjectType', 2),
    uid,
    uid,
    E('DerivationMethod', 'PBKDF2'),
    S(
      'DerivationParameters',
      S('CryptographicParameters', E('HashingAlgorithm', 'SHA_256')),
      B('InitializationVector', 1),
      B('DerivationData', 2),
      B('Salt', 3),
      I('IterationCount', 4096),
    ),
  ]
  ask('DeriveKey', first, { ...derivation, ...template }, ...derivationItems, S('TemplateAttribute', state1))
  ask('DeriveKey', '2.0', { ...derivation, ...tagged }, ...derivationItems, S('Attributes', E('State', 2)))
  answer('DeriveKey', first, { ...id, ...template }, uid, S('TemplateAttribute', state1))

  const limits = { ...id, usageLimitsCount: 5n, cryptographicUsageMask: 12, leaseTime: 60 }
  const limitItems = [uid, L('UsageLimitsCount', 5n), I('CryptographicUsageMask', 12), V('LeaseTime', 60)]
  ask('Check', '1.0', limits, ...limitItems)
  answer('Check', '1.0', limits, ...limitItems)
  ask('ObtainLease', '1.0', id, uid)
  answer(
    'ObtainLease',
    '1.0',
    { ...id, leaseTime: 60, lastChangeDate: 7n },
    uid,
    V('LeaseTime', 60),
    D('LastChangeDate', 7n),
  )
})
