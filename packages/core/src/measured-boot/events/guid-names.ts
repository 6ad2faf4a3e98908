import type { Guid } from './guid.js'

/** GUIDs with a name: vendors of variables, owners of signatures, tables, types of partitions. */
const names: ReadonlyMap<Guid, string> = new Map([
  // Vendors of variables. UEFI 2.10, sections 3.3 and 32.6.1.
  ['8be4df61-93ca-11d2-aa0d-00e098032b8c', 'EFI_GLOBAL_VARIABLE'],
  ['d719b2cb-3d3a-4596-a3bc-dad00e67656f', 'EFI_IMAGE_SECURITY_DATABASE_GUID'],
  ['b9c2b4f4-bf5f-462d-8adf-c5c70ac35dad', 'EFI_DEVICE_SIGNATURE_DATABASE_GUID'],
  ['605dab50-e046-4300-abb6-3dd810dd8b23', 'SHIM_LOCK_GUID'],
  ['4a67b082-0a4c-41cf-b6c7-440b29bb8c4f', 'LOADER_GUID'],
  // Owners of signatures.
  ['77fa9abd-0359-4d32-bd60-28f4e78f784b', 'Microsoft'],
  // Tables. UEFI 2.10, section 4.6.
  ['eb9d2d30-2d88-11d3-9a16-0090273fc14d', 'ACPI_TABLE_GUID'],
  ['8868e871-e4f1-11d3-bc22-0080c73c8881', 'EFI_ACPI_20_TABLE_GUID'],
  ['eb9d2d31-2d88-11d3-9a16-0090273fc14d', 'SMBIOS_TABLE_GUID'],
  ['f2fd1544-9794-4a2c-992e-e5bbcf20e394', 'SMBIOS3_TABLE_GUID'],
  ['eb9d2d32-2d88-11d3-9a16-0090273fc14d', 'SAL_SYSTEM_TABLE_GUID'],
  ['eb9d2d2f-2d88-11d3-9a16-0090273fc14d', 'MPS_TABLE_GUID'],
  ['b122a263-3661-4f68-9929-78f8b0d62180', 'EFI_SYSTEM_RESOURCE_TABLE_GUID'],
  // Types of partitions. UEFI 2.10, section 5.3.3, and the Discoverable Partitions Specification.
  ['c12a7328-f81f-11d2-ba4b-00a0c93ec93b', 'EFI System'],
  ['21686148-6449-6e6f-744e-656564454649', 'BIOS Boot'],
  ['e3c9e316-0b5c-4db8-817d-f92df00215ae', 'Microsoft Reserved'],
  ['ebd0a0a2-b9e5-4433-87c0-68b6b72699c7', 'Microsoft Basic Data'],
  ['de94bba4-06d1-4d40-a16a-bfd50179d6ac', 'Windows Recovery'],
  ['0fc63daf-8483-4772-8e79-3d69d8477de4', 'Linux'],
  ['0657fd6d-a4ab-43c4-84e5-0933c84b4f4f', 'Linux Swap'],
  ['e6d6d379-f507-44c2-a23c-238f2a3df928', 'Linux LVM'],
  ['a19d880f-05fc-4d3b-a006-743f0f84911e', 'Linux RAID'],
  ['bc13c2ff-59e6-4262-a352-b275fd6f7172', 'Linux Extended Boot'],
  ['4f68bce3-e8cd-4db1-96e7-fbcaf984b709', 'Linux Root (x86-64)'],
  ['b921b045-1df0-41c3-af44-4c6f280d3fae', 'Linux Root (AArch64)'],
  ['fe3a2a5d-4f32-41a7-b725-accc3285a309', 'ChromeOS Kernel'],
  ['3cb8e202-3b7e-47dd-8a3c-7ff2a13cfcec', 'ChromeOS Root'],
  ['2e0a753d-9e48-43b0-8337-b15192cb1b5e', 'ChromeOS Reserved'],
  ['9d275380-40ad-11db-bf97-000c2911d1b8', 'VMware Diagnostic'],
  ['aa31e02a-400f-11db-9590-000c2911d1b8', 'VMware VMFS'],
  ['9198effc-31c0-11db-8f78-000c2911d1b8', 'VMware Reserved'],
])

/** Name of a GUID that specifications or their users know; undefined for others. */
export function guidName(guid: Guid): string | undefined {
  return names.get(guid)
}
