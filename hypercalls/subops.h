/* SPDX-License-Identifier: MIT */
/*
 * The sub-operations of the hypercalls that have them, in one list.  From it and table.h come the names in a trace
 * (trace.c), paravane-hypercalls(7) (manual.awk) and the list of conformance cases there must be (tests/conformance/coverage).
 *
 * A row: S(hypercall, constant of <xen/...>, name, served, argument, results).  `served`: image, machine and both as in table.h;
 * refused = no domain without privilege gets anything but the error, so there is no good case of it.
 * Results that begin with `always' have no bad case.
 * The name is the constant without its prefix, in lower case; cases' `covers:` lines use it.
 */
#ifndef HYPERCALLS_SUBOPS_H
#define HYPERCALLS_SUBOPS_H

/* clang-format off */
#define HYPERCALL_SUBOPS(S) \
S(mmu_update, MMU_NORMAL_PT_UPDATE, normal_pt_update, image, "entry, value", "EINVAL: not a table of the domain, flags, wrong type; EBUSY: writable mapping of a table or of a foreign frame; EPERM: no RAM") \
S(mmu_update, MMU_MACHPHYS_UPDATE, machphys_update, image, "frame, pfn", "EINVAL: not a frame of the domain") \
S(mmu_update, MMU_PT_UPDATE_PRESERVE_AD, pt_update_preserve_ad, image, "entry, value", "as normal_pt_update; accessed and dirty bits survive") \
S(mmu_update, MMU_PT_UPDATE_NO_TRANSLATE, pt_update_no_translate, image, "entry, value", "as normal_pt_update; translation concerns other kinds of domain only") \
S(mmuext_op, MMUEXT_PIN_L1_TABLE, pin_l1_table, image, "mfn", "EINVAL: not the domain's, of another type, pinned already") \
S(mmuext_op, MMUEXT_PIN_L2_TABLE, pin_l2_table, image, "mfn", "as pin_l1_table") \
S(mmuext_op, MMUEXT_PIN_L3_TABLE, pin_l3_table, image, "mfn", "as pin_l1_table") \
S(mmuext_op, MMUEXT_PIN_L4_TABLE, pin_l4_table, image, "mfn", "as pin_l1_table") \
S(mmuext_op, MMUEXT_UNPIN_TABLE, unpin_table, image, "mfn", "EINVAL: not the domain's, not pinned") \
S(mmuext_op, MMUEXT_NEW_BASEPTR, new_baseptr, image, "mfn", "EINVAL: no L4 of the domain") \
S(mmuext_op, MMUEXT_NEW_USER_BASEPTR, new_user_baseptr, image, "mfn or 0", "EINVAL: no L4 of the domain") \
S(mmuext_op, MMUEXT_TLB_FLUSH_LOCAL, tlb_flush_local, image, "none", "EPERM: foreign domain") \
S(mmuext_op, MMUEXT_INVLPG_LOCAL, invlpg_local, image, "va", "addresses of the hypervisor are ignored") \
S(mmuext_op, MMUEXT_TLB_FLUSH_MULTI, tlb_flush_multi, image, "mask of vCPUs", "EINVAL: the mask cannot be read") \
S(mmuext_op, MMUEXT_INVLPG_MULTI, invlpg_multi, image, "va, mask of vCPUs", "EINVAL: the mask cannot be read") \
S(mmuext_op, MMUEXT_TLB_FLUSH_ALL, tlb_flush_all, image, "none", "EPERM: foreign domain") \
S(mmuext_op, MMUEXT_INVLPG_ALL, invlpg_all, image, "va", "EPERM: foreign domain") \
S(mmuext_op, MMUEXT_FLUSH_CACHE, flush_cache, refused, "none", "EACCES: the domain has no device") \
S(mmuext_op, MMUEXT_FLUSH_CACHE_GLOBAL, flush_cache_global, refused, "none", "EACCES: the domain has no device") \
S(mmuext_op, MMUEXT_SET_LDT, set_ldt, image, "va, entries", "EINVAL: not page aligned, more than 8192") \
S(mmuext_op, MMUEXT_CLEAR_PAGE, clear_page, image, "mfn", "EINVAL: not a writable frame of the domain") \
S(mmuext_op, MMUEXT_COPY_PAGE, copy_page, image, "mfn, source mfn", "EINVAL: not frames of the domain, destination not writable") \
S(mmuext_op, MMUEXT_MARK_SUPER, mark_super, refused, "mfn", "EOPNOTSUPP") \
S(mmuext_op, MMUEXT_UNMARK_SUPER, unmark_super, refused, "mfn", "EOPNOTSUPP") \
S(memory_op, XENMEM_increase_reservation, increase_reservation, both, "struct xen_memory_reservation", "the number of extents done, never an errno") \
S(memory_op, XENMEM_decrease_reservation, decrease_reservation, both, "struct xen_memory_reservation", "the number of extents done, never an errno; a frame in use leaves with its last reference") \
S(memory_op, XENMEM_populate_physmap, populate_physmap, both, "struct xen_memory_reservation", "the number of extents done, never an errno; no order above 9") \
S(memory_op, XENMEM_exchange, exchange, both, "struct xen_memory_exchange", "EFAULT, EINVAL: sizes that differ; EPERM: foreign domain, order; ENOMEM") \
S(memory_op, XENMEM_maximum_ram_page, maximum_ram_page, image, "none", "always the highest frame number of the machine") \
S(memory_op, XENMEM_current_reservation, current_reservation, image, "domid_t", "frames the domain has; EFAULT, ESRCH, EPERM: another domain") \
S(memory_op, XENMEM_maximum_reservation, maximum_reservation, image, "domid_t", "frames it may have; EFAULT, ESRCH, EPERM: another domain") \
S(memory_op, XENMEM_maximum_gpfn, maximum_gpfn, image, "domid_t", "the highest pfn; EFAULT, ESRCH, EPERM: another domain") \
S(memory_op, XENMEM_machphys_mfn_list, machphys_mfn_list, image, "struct xen_machphys_mfn_list", "EFAULT") \
S(memory_op, XENMEM_machphys_mapping, machphys_mapping, image, "struct xen_machphys_mapping", "EFAULT") \
S(memory_op, XENMEM_memory_map, memory_map, image, "struct xen_memory_map", "EFAULT, ENOSYS: the domain was given none") \
S(memory_op, XENMEM_set_memory_map, set_memory_map, image, "struct xen_foreign_memory_map", "EFAULT, EINVAL: too many entries; EPERM: another domain") \
S(memory_op, XENMEM_machine_memory_map, machine_memory_map, refused, "struct xen_memory_map", "EPERM") \
S(memory_op, XENMEM_add_to_physmap, add_to_physmap, refused, "struct xen_add_to_physmap", "EACCES: not for a domain that does its own paging") \
S(memory_op, XENMEM_remove_from_physmap, remove_from_physmap, refused, "struct xen_remove_from_physmap", "EACCES: as add_to_physmap") \
S(xen_version, XENVER_version, version, image, "none", "major << 16 | minor") \
S(xen_version, XENVER_extraversion, extraversion, image, "xen_extraversion_t", "EFAULT") \
S(xen_version, XENVER_compile_info, compile_info, image, "struct xen_compile_info", "EFAULT") \
S(xen_version, XENVER_capabilities, capabilities, image, "xen_capabilities_info_t", "EFAULT") \
S(xen_version, XENVER_changeset, changeset, image, "xen_changeset_info_t", "EFAULT") \
S(xen_version, XENVER_platform_parameters, platform_parameters, image, "struct xen_platform_parameters", "EFAULT") \
S(xen_version, XENVER_get_features, get_features, image, "struct xen_feature_info", "EFAULT, EINVAL: no such submap") \
S(xen_version, XENVER_pagesize, pagesize, image, "none", "4096; EINVAL: there is an argument") \
S(xen_version, XENVER_guest_handle, guest_handle, image, "xen_domain_handle_t", "EFAULT") \
S(xen_version, XENVER_commandline, commandline, image, "xen_commandline_t", "EFAULT; says that it is denied") \
S(xen_version, XENVER_build_id, build_id, refused, "struct xen_build_id", "EPERM") \
S(console_io, CONSOLEIO_write, write, machine, "count, buffer", "EFAULT") \
S(console_io, CONSOLEIO_read, read, refused, "count, buffer", "EPERM") \
S(grant_table_op, GNTTABOP_map_grant_ref, map_grant_ref, both, "struct gnttab_map_grant_ref", "EFAULT; status: bad_domain, bad_gntref, general_error, permission_denied, no_space") \
S(grant_table_op, GNTTABOP_unmap_grant_ref, unmap_grant_ref, both, "struct gnttab_unmap_grant_ref", "EFAULT; status: bad_handle, general_error") \
S(grant_table_op, GNTTABOP_unmap_and_replace, unmap_and_replace, both, "struct gnttab_unmap_and_replace", "EFAULT; status: bad_handle, general_error") \
S(grant_table_op, GNTTABOP_setup_table, setup_table, image, "struct gnttab_setup_table", "EFAULT, EINVAL: more than one; status: general_error, permission_denied, bad_domain") \
S(grant_table_op, GNTTABOP_transfer, transfer, both, "struct gnttab_transfer", "EFAULT; status: bad_page, bad_domain, general_error") \
S(grant_table_op, GNTTABOP_copy, copy, both, "struct gnttab_copy", "EFAULT; status: bad_copy_arg, bad_domain, bad_gntref, general_error, bad_page") \
S(grant_table_op, GNTTABOP_query_size, query_size, image, "struct gnttab_query_size", "EFAULT, EINVAL: more than one; status: bad_domain, permission_denied") \
S(grant_table_op, GNTTABOP_set_version, set_version, image, "struct gnttab_set_version", "EFAULT, EINVAL, EBUSY: entries in use; ERANGE: an entry the other version cannot say") \
S(grant_table_op, GNTTABOP_get_status_frames, get_status_frames, image, "struct gnttab_get_status_frames", "EFAULT, EINVAL; status: general_error, permission_denied") \
S(grant_table_op, GNTTABOP_get_version, get_version, image, "struct gnttab_get_version", "EFAULT, ESRCH, EPERM: another domain") \
S(grant_table_op, GNTTABOP_swap_grant_ref, swap_grant_ref, image, "struct gnttab_swap_grant_ref", "EFAULT; status: bad_gntref, eagain") \
S(grant_table_op, GNTTABOP_dump_table, dump_table, refused, "struct gnttab_dump_table", "ENOSYS") \
S(grant_table_op, GNTTABOP_cache_flush, cache_flush, refused, "struct gnttab_cache_flush", "ENOSYS") \
S(vm_assist, VMASST_CMD_enable, enable, image, "type", "EINVAL: no such assist") \
S(vm_assist, VMASST_CMD_disable, disable, image, "type", "EINVAL: no such assist") \
S(vcpu_op, VCPUOP_initialise, initialise, both, "struct vcpu_guest_context", "ENOENT, EFAULT, EINVAL, EEXIST: done before") \
S(vcpu_op, VCPUOP_up, up, both, "none", "ENOENT, EINVAL: not initialised") \
S(vcpu_op, VCPUOP_down, down, both, "none", "ENOENT") \
S(vcpu_op, VCPUOP_is_up, is_up, image, "none", "0 or 1; ENOENT") \
S(vcpu_op, VCPUOP_get_runstate_info, get_runstate_info, image, "struct vcpu_runstate_info", "ENOENT, EFAULT") \
S(vcpu_op, VCPUOP_register_runstate_memory_area, register_runstate_memory_area, image, "struct vcpu_register_runstate_memory_area", "ENOENT, EFAULT") \
S(vcpu_op, VCPUOP_set_periodic_timer, set_periodic_timer, image, "struct vcpu_set_periodic_timer", "ENOENT, EFAULT, EINVAL: under a millisecond") \
S(vcpu_op, VCPUOP_stop_periodic_timer, stop_periodic_timer, image, "none", "ENOENT") \
S(vcpu_op, VCPUOP_set_singleshot_timer, set_singleshot_timer, image, "struct vcpu_set_singleshot_timer", "ENOENT, EFAULT, EINVAL: another vCPU; a time in the past fires at once, VCPU_SSHOTTMR_future or not") \
S(vcpu_op, VCPUOP_stop_singleshot_timer, stop_singleshot_timer, image, "none", "ENOENT, EINVAL: another vCPU") \
S(vcpu_op, VCPUOP_register_vcpu_info, register_vcpu_info, image, "struct vcpu_register_vcpu_info", "ENOENT, EFAULT, ENXIO: across a page or not aligned; EINVAL: frame, done before") \
S(vcpu_op, VCPUOP_send_nmi, send_nmi, both, "none", "ENOENT, EINVAL: there is an argument") \
S(vcpu_op, VCPUOP_get_physid, get_physid, refused, "struct vcpu_get_physid", "EINVAL: not pinned to a CPU") \
S(vcpu_op, VCPUOP_register_vcpu_time_memory_area, register_vcpu_time_memory_area, image, "struct vcpu_register_time_memory_area", "ENOENT, EFAULT") \
S(set_segment_base, SEGBASE_FS, fs, image, "base", "EINVAL: not canonical") \
S(set_segment_base, SEGBASE_GS_USER, gs_user, image, "base", "EINVAL: not canonical") \
S(set_segment_base, SEGBASE_GS_KERNEL, gs_kernel, image, "base", "EINVAL: not canonical") \
S(set_segment_base, SEGBASE_GS_USER_SEL, gs_user_sel, image, "selector", "always 0, even if it cannot be loaded") \
S(sched_op, SCHEDOP_yield, yield, image, "none", "always 0") \
S(sched_op, SCHEDOP_block, block, image, "none", "always 0; takes the upcall mask away") \
S(sched_op, SCHEDOP_shutdown, shutdown, both, "struct sched_shutdown", "EFAULT; the domain's end") \
S(sched_op, SCHEDOP_poll, poll, image, "struct sched_poll", "EFAULT, EINVAL: too many ports or a bad one") \
S(sched_op, SCHEDOP_remote_shutdown, remote_shutdown, refused, "struct sched_remote_shutdown", "EFAULT, ESRCH, EPERM") \
S(sched_op, SCHEDOP_shutdown_code, shutdown_code, both, "struct sched_shutdown", "EFAULT") \
S(sched_op, SCHEDOP_watchdog, watchdog, machine, "struct sched_watchdog", "the id, or 0; EFAULT, EINVAL: no such id; ENOSPC: both in use") \
S(sched_op, SCHEDOP_pin_override, pin_override, refused, "struct sched_pin_override", "EPERM") \
S(callback_op, CALLBACKOP_register, register, image, "struct callback_register", "EFAULT, ENOSYS: no such type; EINVAL: not canonical") \
S(callback_op, CALLBACKOP_unregister, unregister, image, "struct callback_unregister", "EFAULT, ENOSYS: no such type; EINVAL: must not be unregistered") \
S(nmi_op, XENNMI_register_callback, register_callback, image, "struct xennmi_callback", "EFAULT, EINVAL: another vCPU than 0, not canonical") \
S(nmi_op, XENNMI_unregister_callback, unregister_callback, image, "none", "always 0") \
S(event_channel_op, EVTCHNOP_bind_interdomain, bind_interdomain, both, "struct evtchn_bind_interdomain", "EFAULT, ESRCH, EINVAL: not unbound or not for this domain; ENOSPC") \
S(event_channel_op, EVTCHNOP_bind_virq, bind_virq, both, "struct evtchn_bind_virq", "EFAULT, EINVAL, ENOENT: no such vCPU; EEXIST: bound already; ENOSPC") \
S(event_channel_op, EVTCHNOP_bind_pirq, bind_pirq, refused, "struct evtchn_bind_pirq", "EFAULT, EPERM") \
S(event_channel_op, EVTCHNOP_close, close, both, "struct evtchn_close", "EFAULT, EINVAL: no such port") \
S(event_channel_op, EVTCHNOP_send, send, both, "struct evtchn_send", "EFAULT, EINVAL: a port that cannot be sent to; an unbound one drops it") \
S(event_channel_op, EVTCHNOP_status, status, both, "struct evtchn_status", "EFAULT, EINVAL: no such port; ESRCH, EPERM: another domain") \
S(event_channel_op, EVTCHNOP_alloc_unbound, alloc_unbound, both, "struct evtchn_alloc_unbound", "EFAULT, ESRCH, EPERM: another domain; ENOSPC") \
S(event_channel_op, EVTCHNOP_bind_ipi, bind_ipi, both, "struct evtchn_bind_ipi", "EFAULT, ENOENT: no such vCPU; ENOSPC") \
S(event_channel_op, EVTCHNOP_bind_vcpu, bind_vcpu, image, "struct evtchn_bind_vcpu", "EFAULT, ENOENT: no such vCPU; EINVAL: no such port, or a kind that stays") \
S(event_channel_op, EVTCHNOP_unmask, unmask, image, "struct evtchn_unmask", "EFAULT, EINVAL: no such port") \
S(event_channel_op, EVTCHNOP_reset, reset, both, "struct evtchn_reset", "EFAULT, ESRCH, EPERM: another domain") \
S(event_channel_op, EVTCHNOP_init_control, init_control, both, "struct evtchn_init_control", "EFAULT, ENOENT: no such vCPU; EINVAL: frame, offset, done before") \
S(event_channel_op, EVTCHNOP_expand_array, expand_array, both, "struct evtchn_expand_array", "EFAULT, EOPNOTSUPP: before init_control; ENOSPC; EINVAL: frame") \
S(event_channel_op, EVTCHNOP_set_priority, set_priority, image, "struct evtchn_set_priority", "EFAULT, EINVAL: no such port or priority; EACCES: a closed port; ENOSYS: not by FIFO") \
S(physdev_op, PHYSDEVOP_set_iopl, set_iopl, image, "struct physdev_set_iopl", "EFAULT, EINVAL: above 3") \
S(physdev_op, PHYSDEVOP_set_iobitmap, set_iobitmap, image, "struct physdev_set_iobitmap", "EFAULT, EINVAL: too many ports")
/* clang-format on */

#endif
