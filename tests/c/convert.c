/*
 * Conversions between the values of v1 and v2 by the vectors of the programs whose rules they are.
 */
#include "harness.h"

static void cpu_weights_by_three_rules(void)
{
    static const struct { uint64_t shares, rule, weight; } vectors[] = {
        {0, ISOLATE_RULE_RUNC_2025, 0}, {2, ISOLATE_RULE_RUNC_2025, 1}, {1024, ISOLATE_RULE_RUNC_2025, 100},
        {262144, ISOLATE_RULE_RUNC_2025, 10000}, {1, ISOLATE_RULE_RUNC_2025, 1},
        {1024, ISOLATE_RULE_LINEAR, 39}, {2, ISOLATE_RULE_LINEAR, 1}, {262144, ISOLATE_RULE_LINEAR, 10000},
        {1024, ISOLATE_RULE_SYSTEMD, 100}, {2, ISOLATE_RULE_SYSTEMD, 1}, {262144, ISOLATE_RULE_SYSTEMD, 10000},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint64_t weight = 99999;
        CHECK_INT(isolate_convert_shares_to_weight(vectors[i].shares, (uint32_t) vectors[i].rule, &weight, NULL), 0);
        CHECK_INT(weight, vectors[i].weight);
    }
}

/* The inverse is exact: every weight leads back to itself. */
static void every_weight_comes_back(void)
{
    for (uint32_t rule = ISOLATE_RULE_RUNC_2025; rule <= ISOLATE_RULE_LINEAR; rule++)
        for (uint64_t weight = 1; weight <= 10000; weight++) {
            uint64_t shares = 0, back = 0;
            if (isolate_convert_weight_to_shares(weight, rule, &shares, NULL) != 0
                || isolate_convert_shares_to_weight(shares, rule, &back, NULL) != 0 || back != weight) {
                CHECK_INT(back, weight);
                return;
            }
        }
}

static void block_device_weights(void)
{
    uint64_t found = 0;
    CHECK_INT(isolate_convert_blkio_to_io_weight(10, ISOLATE_RULE_RUNC_2025, &found, NULL), 0);
    CHECK_INT(found, 1);
    CHECK_INT(isolate_convert_blkio_to_io_weight(1000, ISOLATE_RULE_RUNC_2025, &found, NULL), 0);
    CHECK_INT(found, 10000);
    CHECK_INT(isolate_convert_blkio_to_io_weight(500, ISOLATE_RULE_RUNC_2025, &found, NULL), 0);
    CHECK_INT(found, 4950);
    CHECK_INT(isolate_convert_io_to_blkio_weight(10000, ISOLATE_RULE_RUNC_2025, &found, NULL), 0);
    CHECK_INT(found, 1000);
    CHECK_INT(isolate_convert_blkio_to_io_weight(100, ISOLATE_RULE_SYSTEMD, &found, NULL), 0);
    CHECK_INT(found, 100);
}

static void swap_and_its_sum_with_memory(void)
{
    int64_t found = 7;
    CHECK_INT(isolate_convert_swap_max(300, 100, &found, NULL), 0);
    CHECK_INT(found, 200);
    CHECK_INT(isolate_convert_swap_max(-1, 100, &found, NULL), 0);
    CHECK_INT(found, -1);
    CHECK_INT(isolate_convert_memsw_limit(200, 100, &found, NULL), 0);
    CHECK_INT(found, 300);
    CHECK_INT(isolate_convert_memsw_limit(-1, 100, &found, NULL), 0);
    CHECK_INT(found, -1);
}

static void quotas(void)
{
    uint64_t quota = 0;
    char *text = NULL;
    isolate_error *err = NULL;
    CHECK_INT(isolate_convert_quota_of(1.5, 0, &quota, NULL), 0);
    CHECK_INT(quota, 150000);
    CHECK_INT(isolate_convert_quota_of(0.5, 50000, &quota, NULL), 0);
    CHECK_INT(quota, 25000);
    CHECK(no_error(isolate_convert_cpu_max(-1, 0, &text, &err), &err));
    CHECK_STR(text, "max 100000");
    isolate_string_free(text);
    CHECK(no_error(isolate_convert_cpu_max(50000, 200000, &text, &err), &err));
    CHECK_STR(text, "50000 200000");
    isolate_string_free(text);
}

int main(void)
{
    RUN(cpu_weights_by_three_rules);
    RUN(every_weight_comes_back);
    RUN(block_device_weights);
    RUN(swap_and_its_sum_with_memory);
    RUN(quotas);
    return report();
}
