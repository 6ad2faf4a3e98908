import { tpmContract } from '@trusthold/core/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { createSoftwareTpm, type SoftwareTpm } from '../../src/software-tpm/index.js'
import { live } from './live-subject.js'

describe('the software TPM', () => {
  let software: SoftwareTpm
  beforeAll(() => {
    software = createSoftwareTpm()
  })
  afterAll(() => software.close())

  tpmContract(
    test,
    live(
      () => software.transport(),
      async () => software.powerCycle(),
    ),
  )
})
