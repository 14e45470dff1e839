/**
 * The software and hardware that simulated devices claim to be. One row decides everything that depends on the release:
 * the KEK behaviour (new from 15.2(1)T / XE 3.5S on), the layout of the answers, the GETVPN versions and `show
 * version`.
 */

import type { MibRevision } from '../snmp-wire/mib-objects.ts';

/** `timer`: 15.2(1)T / XE 3.5S and later; `legacy`: before. */
export type KekBehavior = 'timer' | 'legacy';

/**
 * Layout of the answers. `classic`: IOS 12.4/15.0-15.1, no KEK lifetime on a GM; `ios15`: a 15.x lab; `vendor`: the
 * flattened shape of the vendor's document on the KEK change; `xe`: IOS XE 16/17.
 */
type Dialect = 'classic' | 'ios15' | 'vendor' | 'xe';

export interface Release {
  /**
   * Its revision of CISCO-GDOI-MIB: the feature came with 15.2(1)T, the objects of 2015 with later images (an
   * inference).
   */
  readonly gdoiMib: MibRevision;
  readonly version: string;
  readonly kekBehavior: KekBehavior;
  readonly dialect: Dialect;
  /** Accepts `show crypto gkm ...` beside `show crypto gdoi ...`. */
  readonly gkm: boolean;
  /** GETVPN software version of a GM; null: the layout does not print it. */
  readonly gmVersion: string | null;
  readonly ksVersion: string;
  readonly hardware: HardwareName;
  /** Zero-padded release and train name of the first two lines on XE 16 and later. */
  readonly xe: { readonly padded: string; readonly train: string } | null;
  readonly compiled: string;
  readonly copyrightYear: number;
  readonly imageFile: string;
}

export interface Hardware {
  /** `C1900 Software (C1900-UNIVERSALK9-M)` of the first line. */
  readonly software: string;
  readonly rom: string;
  /** `Cisco CISCO1941/K9 (revision 1.0) with 482304K/41984K bytes of memory.` */
  readonly processor: string;
  readonly model: string;
  readonly interfaces: readonly string[];
  /** The interface that carries the crypto map. */
  readonly cryptoInterface: string;
  readonly memory: readonly string[];
}

export type HardwareName = 'c180x' | 'c1900' | 'c2900' | 'c3900' | 'isr4400' | 'c8000v';

export const HARDWARE: Readonly<Record<HardwareName, Hardware>> = {
  c180x: {
    software: 'C180X Software (C180X-ADVIPSERVICESK9-M)',
    rom: 'ROM: System Bootstrap, Version 12.3(8r)YH6, RELEASE SOFTWARE (fc1)',
    processor: 'Cisco 1802 (MPC8500) processor (revision 0x300) with 115712K/15360K bytes of memory.',
    model: '1802',
    interfaces: ['9 FastEthernet interfaces', '1 ATM interface'],
    cryptoInterface: 'FastEthernet0',
    memory: ['62496K bytes of ATA CompactFlash (Read/Write)'],
  },
  c1900: {
    software: 'C1900 Software (C1900-UNIVERSALK9-M)',
    rom: 'ROM: System Bootstrap, Version 15.0(1r)M16, RELEASE SOFTWARE (fc1)',
    processor: 'Cisco CISCO1941/K9 (revision 1.0) with 482304K/41984K bytes of memory.',
    model: 'CISCO1941/K9',
    interfaces: ['2 Gigabit Ethernet interfaces', '1 terminal line', '1 Virtual Private Network (VPN) Module'],
    cryptoInterface: 'GigabitEthernet0/0',
    memory: [
      '255K bytes of non-volatile configuration memory.',
      '253184K bytes of ATA System CompactFlash 0 (Read/Write)',
    ],
  },
  c2900: {
    software: 'C2900 Software (C2900-UNIVERSALK9-M)',
    rom: 'ROM: System Bootstrap, Version 15.0(1r)M15, RELEASE SOFTWARE (fc1)',
    processor: 'Cisco CISCO2911/K9 (revision 1.0) with 479232K/45056K bytes of memory.',
    model: 'CISCO2911/K9',
    interfaces: ['3 Gigabit Ethernet interfaces', '1 Serial(sync/async) interface', '1 terminal line'],
    cryptoInterface: 'Serial1/0',
    memory: [
      '255K bytes of non-volatile configuration memory.',
      '255744K bytes of ATA System CompactFlash 0 (Read/Write)',
    ],
  },
  c3900: {
    software: 'C3900 Software (C3900-UNIVERSALK9-M)',
    rom: 'ROM: System Bootstrap, Version 15.0(1r)M13, RELEASE SOFTWARE (fc1)',
    processor: 'Cisco CISCO3945-CHASSIS (revision 1.1) with C3900-SPE150/K9 with 2009088K/88064K bytes of memory.',
    model: 'CISCO3945-CHASSIS',
    interfaces: [
      '2 FastEthernet interfaces',
      '3 Gigabit Ethernet interfaces',
      '1 Virtual Private Network (VPN) Module',
    ],
    cryptoInterface: 'GigabitEthernet0/1',
    memory: [
      '255K bytes of non-volatile configuration memory.',
      '1994752K bytes of ATA System CompactFlash 0 (Read/Write)',
    ],
  },
  isr4400: {
    software: 'ISR Software (X86_64_LINUX_IOSD-UNIVERSALK9-M)',
    rom: 'ROM: IOS-XE ROMMON',
    processor: 'cisco ISR4451-X/K9 (2RU) processor with 1842560K/6144K bytes of memory.',
    model: 'ISR4451-X/K9',
    interfaces: ['1 Virtual Ethernet interface', '4 Gigabit Ethernet interfaces'],
    cryptoInterface: 'GigabitEthernet0/0/1',
    memory: [
      '32768K bytes of non-volatile configuration memory.',
      '4190208K bytes of physical memory.',
      '7036924K bytes of flash memory at bootflash:.',
    ],
  },
  c8000v: {
    software: 'Virtual XE Software (X86_64_LINUX_IOSD-UNIVERSALK9-M)',
    rom: 'ROM: IOS-XE ROMMON',
    processor: 'cisco C8000V (VXE) processor (revision VXE) with 2041632K/3072K bytes of memory.',
    model: 'C8000V',
    interfaces: ['1 Virtual Ethernet interface', '4 Gigabit Ethernet interfaces'],
    cryptoInterface: 'GigabitEthernet2',
    memory: [
      '32768K bytes of non-volatile configuration memory.',
      '3965112K bytes of physical memory.',
      '11362304K bytes of virtual hard disk at bootflash:.',
    ],
  },
};

export const RELEASES = {
  '12.4(24)T8': {
    version: '12.4(24)T8',
    gdoiMib: 'none',
    kekBehavior: 'legacy',
    dialect: 'classic',
    gkm: false,
    gmVersion: null,
    ksVersion: '1.0.2',
    hardware: 'c180x',
    xe: null,
    compiled: 'Sun 09-Sep-12 03:12 by prod_rel_team',
    copyrightYear: 2012,
    imageFile: 'flash:c180x-advipservicesk9-mz.124-24.T8.bin',
  },
  '15.1(4)M8': {
    version: '15.1(4)M8',
    gdoiMib: 'none',
    kekBehavior: 'legacy',
    dialect: 'classic',
    gkm: false,
    gmVersion: null,
    ksVersion: '1.0.2',
    hardware: 'c1900',
    xe: null,
    compiled: 'Tue 11-Mar-14 04:26 by prod_rel_team',
    copyrightYear: 2014,
    imageFile: 'flash0:c1900-universalk9-mz.SPA.151-4.M8.bin',
  },
  '15.0(1)M7': {
    version: '15.0(1)M7',
    gdoiMib: 'none',
    kekBehavior: 'legacy',
    dialect: 'classic',
    gkm: false,
    gmVersion: null,
    ksVersion: '1.0.1',
    hardware: 'c3900',
    xe: null,
    compiled: 'Wed 10-Aug-11 21:18 by prod_rel_team',
    copyrightYear: 2011,
    imageFile: 'flash0:c3900-universalk9-mz.SPA.150-1.M7.bin',
  },
  '15.2(4)M6': {
    version: '15.2(4)M6',
    gdoiMib: '2010',
    kekBehavior: 'timer',
    dialect: 'vendor',
    gkm: false,
    gmVersion: '1.0.4',
    ksVersion: '1.0.4',
    hardware: 'c2900',
    xe: null,
    compiled: 'Wed 19-Mar-14 19:46 by prod_rel_team',
    copyrightYear: 2014,
    imageFile: 'flash0:c2900-universalk9-mz.SPA.152-4.M6.bin',
  },
  '15.6(3)M2': {
    version: '15.6(3)M2',
    gdoiMib: '2015',
    kekBehavior: 'timer',
    dialect: 'ios15',
    gkm: false,
    gmVersion: '1.0.16',
    ksVersion: '1.0.16',
    hardware: 'c3900',
    xe: null,
    compiled: 'Thu 06-Apr-17 09:43 by prod_rel_team',
    copyrightYear: 2017,
    imageFile: 'flash0:c3900-universalk9-mz.SPA.156-3.M2.bin',
  },
  '16.9.5': {
    version: '16.9.5',
    gdoiMib: '2015',
    kekBehavior: 'timer',
    dialect: 'xe',
    gkm: true,
    gmVersion: '1.0.22',
    ksVersion: '1.0.27',
    hardware: 'isr4400',
    xe: { padded: '16.09.05', train: 'Fuji' },
    compiled: 'Thu 30-Jan-20 19:41 by mcpre',
    copyrightYear: 2020,
    imageFile: 'bootflash:isr4400-universalk9.16.09.05.SPA.bin',
  },
  '17.6.3': {
    version: '17.6.3',
    gdoiMib: '2015',
    kekBehavior: 'timer',
    dialect: 'xe',
    gkm: true,
    gmVersion: '1.0.26',
    ksVersion: '1.0.27',
    hardware: 'c8000v',
    xe: { padded: '17.06.03', train: 'Bengaluru' },
    compiled: 'Wed 30-Mar-22 23:09 by mcpre',
    copyrightYear: 2022,
    imageFile: 'bootflash:packages.conf',
  },
} as const satisfies Record<string, Release>;

export type ReleaseName = keyof typeof RELEASES;
