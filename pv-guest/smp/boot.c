/* SPDX-License-Identifier: MIT */
/*
 * Bringing vCPUs up and taking them down. A vCPU's state is made once (VCPUOP_initialise) and
 * stays with the hypervisor while it is down: VCPUOP_down returns when somebody brings it up.
 */
#include <pv/boot.h>
#include <pv/errno.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/init.h>
#include <pv/mm.h>
#include <pv/printk.h>
#include <pv/proc.h>
#include <pv/smp.h>
#include <pv/string.h>
#include <pv/thread_struct.h>
#include <pv/time.h>
#include <pv/trap.h>

#define UP_WAIT_NS	(5 * NSEC_PER_SEC)

static struct mutex hotplug_lock = MUTEX_INIT(hotplug_lock);

void secondary_entry(void);
void secondary_start(struct cpu *c) __attribute__((noreturn));

static void set_online(struct cpu *c, bool online)
{
	uint64_t bit = 1UL << c->id;

	if (online)
		__atomic_fetch_or(&cpus_online, bit, __ATOMIC_ACQ_REL);
	else
		__atomic_fetch_and(&cpus_online, ~bit, __ATOMIC_ACQ_REL);
}

/* The first words on a new vCPU, events masked. */
void secondary_start(struct cpu *c)
{
	traps_cpu_init();
	fpu_cpu_init();
	if (smp_cpu_events() != 0)
		panic("vCPU %u: no event channels\n", c->id);
	timer_start();
	c->idle->started_ns = now_ns();
	set_online(c, true);
	idle_loop();
}

static struct thread *idle_thread(struct cpu *c)
{
	char name[20];
	struct thread *t;

	pv_snprintf(name, sizeof(name), "idle/%u", c->id);
	t = thread_prepare(name, NULL, NULL);
	if (t == NULL)
		return NULL;
	t->cpu = c;
	t->preempt_count = 1;
	t->state = THREAD_RUNNABLE;
	return t;
}

static int initialise(struct cpu *c)
{
	struct vcpu_guest_context *ctx = kzalloc(sizeof(*ctx));
	unsigned long top;
	long rc;

	c->idle = c->current = ctx == NULL ? NULL : idle_thread(c);
	if (c->idle == NULL) {
		kfree(ctx);
		return -ENOMEM;
	}
	top = (unsigned long)c->idle + STACK_SIZE - STACK_FRAME_ROOM;
	ctx->flags = VGCF_in_kernel;
	ctx->user_regs.rip = (unsigned long)secondary_entry;
	ctx->user_regs.rsp = top;
	ctx->user_regs.rdi = (unsigned long)c;
	ctx->user_regs.rflags = 0x202;
	ctx->user_regs.cs = FLAT_KERNEL_CS;
	ctx->user_regs.ss = FLAT_KERNEL_SS;
	ctx->kernel_ss = FLAT_KERNEL_SS;
	ctx->kernel_sp = (unsigned long)c->idle + STACK_SIZE;
	ctx->ctrlreg[3] = virt_to_mfn((void *)start_info->pt_base) << PAGE_SHIFT;
	rc = HYPERVISOR_vcpu_op(VCPUOP_initialise, c->id, ctx);
	kfree(ctx);
	if (rc != 0)
		return (int)rc;
	c->info = &shared_info.vcpu_info[c->id];
	c->info->evtchn_upcall_mask = 1;
	vcpu_info_init(c);
	thread_list_add(c->idle);
	return 0;
}

static bool online(unsigned int id)
{
	return cpus_online_mask() >> id & 1;
}

static int wait_online(unsigned int id, bool want)
{
	uint64_t end = now_ns() + UP_WAIT_NS;

	while (online(id) != want) {
		if (now_ns() > end)
			return -ETIMEDOUT;
		sleep_ns(NSEC_PER_MSEC / 5);
	}
	return 0;
}

int cpu_up(unsigned int id)
{
	struct cpu *c = &cpus[id];
	long rc = 0;

	if (id >= MAX_CPUS || !(cpus_possible >> id & 1))
		return -ENOENT;
	mutex_lock(&hotplug_lock);
	if (!online(id)) {
		c->id = id;
		c->go_down = false;
		if (c->idle == NULL)
			rc = initialise(c);
		if (rc == 0)
			rc = HYPERVISOR_vcpu_op(VCPUOP_up, id, NULL);
		if (rc == 0)
			rc = wait_online(id, true);
	}
	mutex_unlock(&hotplug_lock);
	return (int)rc;
}

int cpu_down(unsigned int id)
{
	int rc = 0;

	if (id == 0 || id >= MAX_CPUS)
		return -EBUSY;
	mutex_lock(&hotplug_lock);
	if (online(id)) {
		cpus[id].go_down = true;
		smp_kick(&cpus[id]);
		rc = wait_online(id, false);
	}
	mutex_unlock(&hotplug_lock);
	return rc;
}

/* In the idle thread, events masked; nothing runs here any more. What its timers wait for comes on
 * another vCPU. */
void cpu_go_offline(void)
{
	struct cpu *c = this_cpu();

	/* A call that counted on us is served first. */
	set_online(c, false);
	irq_restore(0);
	irq_save();
	timer_migrate(c, &cpus[0]);
	evtchn_leave(c);
	c->user_mm = NULL;
	c->fpu_owner = c->kernel_stack = NULL;
	HYPERVISOR_vcpu_op(VCPUOP_stop_singleshot_timer, c->id, NULL);
	while (c->go_down)
		HYPERVISOR_vcpu_op(VCPUOP_down, c->id, NULL);
	set_online(c, true);
}

/* Which there are, by asking; not all need be up yet. */
static void find_possible(void)
{
	for (unsigned int i = 1; i < MAX_CPUS; i++) {
		if (HYPERVISOR_vcpu_op(VCPUOP_is_up, i, NULL) < 0)
			break;
		cpus_possible |= 1UL << i;
	}
}

/* Without a store all that there are. */
static int smp_init(void)
{
	unsigned int n = 0;

	find_possible();
	for (unsigned int i = 1; i < MAX_CPUS; i++) {
		int rc;

		if (!(cpus_possible >> i & 1) || !cpu_wanted(i))
			continue;
		rc = cpu_up(i);
		if (rc != 0)
			printk("vCPU %u: %d\n", i, rc);
	}
	for (unsigned int i = 0; i < MAX_CPUS; i++)
		n += online(i);
	if (n > 1)
		printk("%u vCPUs\n", n);
	return 0;
}
INITCALL(INIT_DRIVER, smp_init);
