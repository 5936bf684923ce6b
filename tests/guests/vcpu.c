/* SPDX-License-Identifier: MIT */
/* vcpu_op, callbacks, segment bases, debug registers.  What would break: Linux's CPU bring-up. */
#include "tests/guests/lib/guest.h"

static long vcpu_op(int cmd, unsigned vcpu, void *arg)
{
	return HC(vcpu_op, (long)cmd, (long)vcpu, (long)arg);
}

TEST(vcpu_bad_id_is_enoent)
{
	CHECK_EQ(vcpu_op(VCPUOP_is_up, 99, NULL), -XEN_ENOENT);
	CHECK_EQ(vcpu_op(VCPUOP_is_up, 8191, NULL), -XEN_ENOENT);
	CHECK_EQ(vcpu_op(VCPUOP_is_up, 0xffffffff, NULL), -XEN_ENOENT);
}

TEST(vcpu_0_is_up)
{
	static vcpu_guest_context_t c;

	CHECK_EQ(vcpu_op(VCPUOP_is_up, 0, NULL), 1);
	CHECK_EQ(vcpu_op(VCPUOP_up, 0, NULL), 0);
	CHECK_EQ(vcpu_op(VCPUOP_initialise, 0, &c), -XEN_EEXIST);
	CHECK_EQ(vcpu_op(99, 0, NULL), -XEN_ENOSYS);
}

TEST(vcpu_runstate)
{
	struct vcpu_runstate_info r;
	static struct vcpu_runstate_info area;
	struct vcpu_register_runstate_memory_area reg = { .addr.v = &area };

	memset(&r, 0xff, sizeof(r));
	CHECK_EQ(vcpu_op(VCPUOP_get_runstate_info, 0, &r), 0);
	CHECK_EQ(r.state, RUNSTATE_running);
	CHECK(r.time[RUNSTATE_running] < 1UL << 60, "%lu", r.time[RUNSTATE_running]);
	CHECK_EQ(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), 0);
	CHECK_EQ(area.state, RUNSTATE_running);
	CHECK(area.state_entry_time != 0, "not filled");
}

TEST(vcpu_vm_assist)
{
	for (unsigned t = 0; t <= 5; t++) {
		if (t == VMASST_TYPE_writable_pagetables)
			continue;	/* would change what other tests see */
		long ret = HC(vm_assist, (long)VMASST_CMD_enable, (long)t);

		CHECK(ret == 0, "enable %u says %ld", t, ret);
		CHECK_EQ(HC(vm_assist, (long)VMASST_CMD_disable, (long)t), 0);
	}
	CHECK_EQ(HC(vm_assist, (long)VMASST_CMD_enable, 6L), -XEN_EINVAL);
	CHECK_EQ(HC(vm_assist, (long)VMASST_CMD_enable, 63L), -XEN_EINVAL);
	CHECK_EQ(HC(vm_assist, (long)VMASST_CMD_enable, 1000L), -XEN_EINVAL);
	CHECK_EQ(HC(vm_assist, 9L, 0L), -XEN_ENOSYS);
}

TEST(vcpu_segment_bases)
{
	static uint64_t cell[2] = { 0x1234, 0x5678 };
	uint64_t got;

	CHECK_EQ(HC(set_segment_base, (long)SEGBASE_FS, (long)&cell[0]), 0);
	__asm__ volatile("mov %%fs:0, %0" : "=r"(got));
	CHECK_EQ(got, 0x1234);
	CHECK_EQ(HC(set_segment_base, (long)SEGBASE_GS_KERNEL, (long)&cell[1]), 0);
	__asm__ volatile("mov %%gs:0, %0" : "=r"(got));
	CHECK_EQ(got, 0x5678);
	CHECK_EQ(HC(set_segment_base, (long)SEGBASE_GS_USER, (long)&cell[1]), 0);
	CHECK_EQ(HC(set_segment_base, (long)SEGBASE_GS_USER_SEL, 0L), 0);
	CHECK_EQ(HC(set_segment_base, (long)SEGBASE_FS, (long)0x8000000000000000), -XEN_EINVAL);
	CHECK_EQ(HC(set_segment_base, 9L, 0L), -XEN_EINVAL);
	/* The base survives hypercalls and traps. */
	CHECK_EQ(HC(set_segment_base, (long)SEGBASE_FS, (long)&cell[0]), 0);
	for (unsigned i = 0; i < 100; i++)
		hcall_bare(__HYPERVISOR_xen_version, 0, 0, 0, 0, 0);
	__asm__ volatile("mov %%fs:0, %0" : "=r"(got));
	CHECK_EQ(got, 0x1234);
}

TEST(vcpu_callbacks)
{
	struct callback_register r = { .type = 99, .address = (unsigned long)upcall_entry };
	struct callback_unregister u = { .type = CALLBACKTYPE_event };

	CHECK_EQ(HC(callback_op, (long)CALLBACKOP_register, (long)&r), -XEN_ENOSYS);
	CHECK_EQ(HC(callback_op, (long)CALLBACKOP_unregister, (long)&u), -XEN_EINVAL);
	CHECK_EQ(HC(callback_op, 99L, (long)&u), -XEN_ENOSYS);
	r.type = CALLBACKTYPE_syscall;
	CHECK_EQ(HC(callback_op, (long)CALLBACKOP_register, (long)&r), 0);
	CHECK_EQ(HC(set_callbacks, (long)upcall_entry, (long)failsafe_entry, 0L), 0);
}

TEST(vcpu_stack_switch)
{
	CHECK_EQ(HC(stack_switch, (long)FLAT_KERNEL_SS, (long)stack_end), 0);
}

TEST(vcpu_debug_registers)
{
	if (HC(set_debugreg, 0L, 0L) == -XEN_ENOSYS) {
		test_skip("debug registers are not served");
		return;
	}
	CHECK_EQ(HC(set_debugreg, 9L, 0L), -XEN_ENODEV);
	CHECK_EQ(HC(set_debugreg, 0L, (long)0xffff800000000000), -XEN_EPERM);
	CHECK_EQ(HC(set_debugreg, 7L, 1L << 40), -XEN_EINVAL);
	CHECK_EQ(HC(set_debugreg, 0L, 0x1000L), 0);
	CHECK_EQ(HC(get_debugreg, 0L), 0x1000);
	CHECK_EQ(HC(set_debugreg, 0L, 0L), 0);
}

TEST(vcpu_gdt_rules)
{
	uint64_t *page = page_alloc();
	uint64_t frame = va_mfn(page);

	if (HC(set_gdt, 0L, 0L) == -XEN_ENOSYS) {
		test_skip("descriptor tables are not served");
		return;
	}
	CHECK_EQ(HC(set_gdt, (long)&frame, 8000L), -XEN_EINVAL);
	/* Mapped writable: it cannot become a descriptor page. */
	CHECK_EQ(HC(set_gdt, (long)&frame, 16L), -XEN_EINVAL);
	CHECK_EQ(page_protect(page, false), 0);
	CHECK_EQ(HC(set_gdt, (long)&frame, 16L), 0);
	/* And as long as it is one, it cannot be mapped writable. */
	CHECK_EQ(page_protect(page, true), -XEN_EBUSY);
	CHECK_EQ(HC(set_gdt, 0L, 0L), 0);
	CHECK_EQ(page_protect(page, true), 0);
}

TEST(vcpu_port_permissions)
{
	struct physdev_set_iopl io = { .iopl = 4 };

	CHECK_EQ(HC(physdev_op, (long)PHYSDEVOP_set_iopl, (long)&io), -XEN_EINVAL);
	io.iopl = 0;
	CHECK_EQ(HC(physdev_op, (long)PHYSDEVOP_set_iopl, (long)&io), 0);
	long ret = HC(physdev_op, 999L, (long)&io);
	CHECK(ret == -XEN_ENOSYS || ret == -XEN_EPERM, "%ld", ret);
}

/* Last, because it moves the vcpu_info that the runtime uses. */
TEST(vcpu_register_vcpu_info)
{
	static char page[PAGE_SIZE] PAGE_ALIGNED;
	struct vcpu_register_vcpu_info r = { .mfn = va_mfn(page), .offset = 4096 - 32 };
	unsigned p;
	long ret;

	ret = vcpu_op(VCPUOP_register_vcpu_info, 0, &r);
	CHECK(ret == -XEN_ENXIO || ret == -XEN_EINVAL, "crossing the page says %ld", ret);
	r.offset = 128;
	r.mfn = va_mfn((void *)si->pt_base);
	CHECK(vcpu_op(VCPUOP_register_vcpu_info, 0, &r) < 0, "in a page table");
	r.mfn = 0xfffffffffff;
	CHECK(vcpu_op(VCPUOP_register_vcpu_info, 0, &r) < 0, "in nobody's frame");
	events_mask();
	shared->vcpu_info[0].arch.cr2 = 0xabcd;
	r.mfn = va_mfn(page);
	CHECK_EQ(vcpu_op(VCPUOP_register_vcpu_info, 0, &r), 0);
	vcpu_area = (vcpu_info_t *)(page + 128);
	CHECK_EQ(vcpu_area->arch.cr2, 0xabcd);
	CHECK_EQ(vcpu_area->evtchn_upcall_mask, 1);
	CHECK(vcpu_area->evtchn_upcall_pending, "a registration must make the guest look");
	CHECK_EQ(vcpu_area->evtchn_pending_sel, -1);
	CHECK(vcpu_area->time.tsc_to_system_mul != 0, "no time at the new place");
	CHECK(vcpu_op(VCPUOP_register_vcpu_info, 0, &r) < 0, "twice");
	/* And events go there. */
	events_unmask();
	p = (unsigned)port_ipi();
	struct evtchn_send s = { .port = p };
	CHECK_EQ(evtchn_op(EVTCHNOP_send, &s), 0);
	CHECK(port_taken(p), "no upcall after the move");
	events_mask();
	port_close(p);
}
