/* A qemu plugin that counts executed instructions; Debian ships none. The five
 * declarations are those of qemu's plugin interface, version 1. */
#include <inttypes.h>
#include <stdio.h>
#include <stddef.h>

typedef uint64_t id_t64;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(id_t64 id, void (*cb)(id_t64, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *ptr, uint64_t imm);
void qemu_plugin_register_atexit_cb(id_t64 id, void (*cb)(id_t64, void *), void *data);
void qemu_plugin_outs(const char *s);

int qemu_plugin_version = 1;
static uint64_t count;

static void translated(id_t64 id, struct qemu_plugin_tb *tb)
{
	qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &count, qemu_plugin_tb_n_insns(tb));
}

static void done(id_t64 id, void *data)
{
	fprintf(stderr, "insns %" PRIu64 "\n", count);
}

int qemu_plugin_install(id_t64 id, const void *info, int argc, char **argv)
{
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, done, NULL);
	return 0;
}
