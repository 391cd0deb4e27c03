import { Marker, SsmStream, U8, U16, U32, U64 } from '@ssmkit/schema';
import { STRUCT_BEGIN, STRUCT_END } from '../common.js';

/**
 * A virtual-machine control structure of a hypervisor in the guest, without what is reserved in it
 * (`VirtualBox 7.2 CPUMR3-x86.cpp, g_aVmxHwvirtVmcs`; Intel's manual, volume 3, appendix B, tells the fields).
 */
@SsmStream()
export class Vmcs {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @U32() vmcsRevId = 0;
  @U32() vmxAbort = 0;
  @U8() vmcsState = 0;
  @U32({ since: 23 }) restoreProcCtls2 = 0;

  // Read-only data.
  @U32() roVmInstrError = 0;
  @U32() roExitReason = 0;
  @U32() roExitIntInfo = 0;
  @U32() roExitIntErrCode = 0;
  @U32() roIdtVectoringInfo = 0;
  @U32() roIdtVectoringErrCode = 0;
  @U32() roExitInstrLen = 0;
  @U32() roExitInstrInfo = 0;
  @U64() roGuestPhysAddr = 0n;
  @U64() roExitQual = 0n;
  @U64() roIoRcx = 0n;
  @U64() roIoRsi = 0n;
  @U64() roIoRdi = 0n;
  @U64() roIoRip = 0n;
  @U64() roGuestLinearAddr = 0n;

  // Control fields of 16 bits.
  @U16() vpid = 0;
  @U16() postIntNotifyVector = 0;
  @U16() eptpIndex = 0;
  @U16({ since: 22 }) hlatPrefixSize = 0;

  // Control fields of 32 bits.
  @U32() pinCtls = 0;
  @U32() procCtls = 0;
  @U32() xcptBitmap = 0;
  @U32() xcptPFMask = 0;
  @U32() xcptPFMatch = 0;
  @U32() cr3TargetCount = 0;
  @U32() exitCtls = 0;
  @U32() exitMsrStoreCount = 0;
  @U32() exitMsrLoadCount = 0;
  @U32() entryCtls = 0;
  @U32() entryMsrLoadCount = 0;
  @U32() entryIntInfo = 0;
  @U32() entryXcptErrCode = 0;
  @U32() entryInstrLen = 0;
  @U32() tprThreshold = 0;
  @U32() procCtls2 = 0;
  @U32() pleGap = 0;
  @U32() pleWindow = 0;

  // Control fields of 64 bits.
  @U64() addrIoBitmapA = 0n;
  @U64() addrIoBitmapB = 0n;
  @U64() addrMsrBitmap = 0n;
  @U64() addrExitMsrStore = 0n;
  @U64() addrExitMsrLoad = 0n;
  @U64() addrEntryMsrLoad = 0n;
  @U64() execVmcsPtr = 0n;
  @U64() addrPml = 0n;
  @U64() tscOffset = 0n;
  @U64() addrVirtApic = 0n;
  @U64() addrApicAccess = 0n;
  @U64() addrPostedIntDesc = 0n;
  @U64() vmFuncCtls = 0n;
  @U64() eptPtr = 0n;
  @U64() eoiExitBitmap0 = 0n;
  @U64() eoiExitBitmap1 = 0n;
  @U64() eoiExitBitmap2 = 0n;
  @U64() eoiExitBitmap3 = 0n;
  @U64() addrEptpList = 0n;
  @U64() addrVmreadBitmap = 0n;
  @U64() addrVmwriteBitmap = 0n;
  @U64() addrXcptVeInfo = 0n;
  @U64() xssExitBitmap = 0n;
  @U64() enclsExitBitmap = 0n;
  @U64() sppTablePtr = 0n;
  @U64() tscMultiplier = 0n;
  @U64({ since: 20 }) procCtls3 = 0n;
  @U64({ since: 20 }) enclvExitBitmap = 0n;
  @U64({ since: 22 }) pconfigExitBitmap = 0n;
  @U64({ since: 22 }) hlatPtr = 0n;
  @U64({ since: 22 }) exitCtls2 = 0n;

  // Control fields as wide as a register.
  @U64() cr0Mask = 0n;
  @U64() cr4Mask = 0n;
  @U64() cr0ReadShadow = 0n;
  @U64() cr4ReadShadow = 0n;
  @U64() cr3Target0 = 0n;
  @U64() cr3Target1 = 0n;
  @U64() cr3Target2 = 0n;
  @U64() cr3Target3 = 0n;

  // Host state.
  @U16() hostEs = 0;
  @U16() hostCs = 0;
  @U16() hostSs = 0;
  @U16() hostDs = 0;
  @U16() hostFs = 0;
  @U16() hostGs = 0;
  @U16() hostTr = 0;
  @U32() hostSysenterCs = 0;
  @U64() hostPatMsr = 0n;
  @U64() hostEferMsr = 0n;
  @U64() hostPerfGlobalCtlMsr = 0n;
  @U64({ since: 20 }) hostPkrsMsr = 0n;
  @U64() hostCr0 = 0n;
  @U64() hostCr3 = 0n;
  @U64() hostCr4 = 0n;
  @U64() hostFsBase = 0n;
  @U64() hostGsBase = 0n;
  @U64() hostTrBase = 0n;
  @U64() hostGdtrBase = 0n;
  @U64() hostIdtrBase = 0n;
  @U64() hostSysenterEsp = 0n;
  @U64() hostSysenterEip = 0n;
  @U64() hostRsp = 0n;
  @U64() hostRip = 0n;
  @U64({ since: 20 }) hostSCetMsr = 0n;
  @U64({ since: 20 }) hostSsp = 0n;
  @U64({ since: 20 }) hostIntrSspTableAddrMsr = 0n;

  // Guest state: selectors.
  @U16() guestEs = 0;
  @U16() guestCs = 0;
  @U16() guestSs = 0;
  @U16() guestDs = 0;
  @U16() guestFs = 0;
  @U16() guestGs = 0;
  @U16() guestLdtr = 0;
  @U16() guestTr = 0;
  @U16() guestIntStatus = 0;
  @U16() pmlIndex = 0;

  // Guest state of 32 bits.
  @U32() guestEsLimit = 0;
  @U32() guestCsLimit = 0;
  @U32() guestSsLimit = 0;
  @U32() guestDsLimit = 0;
  @U32() guestFsLimit = 0;
  @U32() guestGsLimit = 0;
  @U32() guestLdtrLimit = 0;
  @U32() guestTrLimit = 0;
  @U32() guestGdtrLimit = 0;
  @U32() guestIdtrLimit = 0;
  @U32() guestEsAttr = 0;
  @U32() guestCsAttr = 0;
  @U32() guestSsAttr = 0;
  @U32() guestDsAttr = 0;
  @U32() guestFsAttr = 0;
  @U32() guestGsAttr = 0;
  @U32() guestLdtrAttr = 0;
  @U32() guestTrAttr = 0;
  @U32() guestIntrState = 0;
  @U32() guestActivityState = 0;
  @U32() guestSmBase = 0;
  @U32() guestSysenterCS = 0;
  @U32() preemptTimer = 0;

  // Guest state of 64 bits.
  @U64() vmcsLinkPtr = 0n;
  @U64() guestDebugCtlMsr = 0n;
  @U64() guestPatMsr = 0n;
  @U64() guestEferMsr = 0n;
  @U64() guestPerfGlobalCtlMsr = 0n;
  @U64() guestPdpte0 = 0n;
  @U64() guestPdpte1 = 0n;
  @U64() guestPdpte2 = 0n;
  @U64() guestPdpte3 = 0n;
  @U64() guestBndcfgsMsr = 0n;
  @U64() guestRtitCtlMsr = 0n;
  @U64({ since: 20 }) guestPkrsMsr = 0n;

  // Guest state as wide as a register.
  @U64() guestCr0 = 0n;
  @U64() guestCr3 = 0n;
  @U64() guestCr4 = 0n;
  @U64() guestEsBase = 0n;
  @U64() guestCsBase = 0n;
  @U64() guestSsBase = 0n;
  @U64() guestDsBase = 0n;
  @U64() guestFsBase = 0n;
  @U64() guestGsBase = 0n;
  @U64() guestLdtrBase = 0n;
  @U64() guestTrBase = 0n;
  @U64() guestGdtrBase = 0n;
  @U64() guestIdtrBase = 0n;
  @U64() guestDr7 = 0n;
  @U64() guestRsp = 0n;
  @U64() guestRip = 0n;
  @U64() guestRFlags = 0n;
  @U64() guestPendingDbgXcpts = 0n;
  @U64() guestSysenterEsp = 0n;
  @U64() guestSysenterEip = 0n;
  @U64({ since: 20 }) guestSCetMsr = 0n;
  @U64({ since: 20 }) guestSsp = 0n;
  @U64({ since: 20 }) guestIntrSspTableAddrMsr = 0n;

  @Marker('u32', STRUCT_END) declare end: never;
}
