using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Simulation;

namespace OrleansBroker.Embedded.Tests;

/// <summary>When an append is acknowledged: <see cref="Partition.Committed"/> and the workers that flush for it.</summary>
public sealed class GroupFlushTests
{
    private readonly SimulatedDisk _disk = new(seed: 1);

    [Fact]
    public async Task Without_a_flush_policy_an_append_is_acknowledged_at_once()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders");

        var committing = Committed(process, "one");

        Assert.True(committing.IsCompletedSuccessfully);
        Assert.Equal(0, process.Find("orders").Log.RecoveryPoint);
        await process.EndAsync();
    }

    [Fact]
    public async Task After_a_power_loss_every_record_is_there_that_was_acknowledged_after_each_message()
    {
        for (var seed = 1; seed <= 30; seed++)
        {
            var disk = new SimulatedDisk(seed);
            var process = await PartitionsProcess.StartAsync(disk);
            await process.CreateAsync("orders", 2, ("flush.messages", "1"));
            for (var i = 0; i < 2 * seed; i++)
            {
                Assert.Equal(ErrorCode.None, await Committed(process, $"acknowledged-{i}", partition: i % 2));
            }

            process.Append("orders", "in doubt");
            process = await process.RestartAfterPowerLossAsync();

            var expected = Enumerable.Range(0, 2 * seed).Select(i => $"acknowledged-{i}").ToArray();
            var there = process.Read("orders").Concat(process.Read("orders", 1)).ToHashSet();
            Assert.True(expected.All(there.Contains), $"seed {seed}");
            await process.EndAsync();
        }
    }

    [Fact]
    public async Task The_acknowledgement_waits_for_the_disk()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders", 1, ("flush.messages", "1"));
        process.Append("orders", "first");
        var appended = process.Append("orders", "second");
        using var slow = new SlowDisk(_disk);

        var committing = process.Find("orders").Committed(appended, acks: -1).AsTask();
        await slow.InFlush;
        Assert.False(committing.IsCompleted);

        slow.GoOn();
        Assert.Equal(ErrorCode.None, await committing);
        Assert.Equal(2, process.Find("orders").Log.RecoveryPoint);
        await process.EndAsync();
    }

    [Fact]
    public async Task Every_nth_record_waits_for_the_flush_of_all_before_it()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders", 1, ("flush.messages", "3"));

        Assert.True(Committed(process, "one").IsCompletedSuccessfully);
        Assert.True(Committed(process, "two").IsCompletedSuccessfully);
        Assert.Equal(0, process.Find("orders").Log.RecoveryPoint);

        Assert.Equal(ErrorCode.None, await Committed(process, "three"));
        Assert.Equal(3, process.Find("orders").Log.RecoveryPoint);
        await process.EndAsync();
    }

    [Fact]
    public async Task A_flush_waits_as_long_as_flush_ms_and_takes_along_all_of_its_partition()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders", 1, ("flush.ms", "50"));
        await process.CreateAsync("slow", 1, ("flush.ms", "500"));
        var slow = Committed(process, "slow", topic: "slow");
        var first = Committed(process, "one");
        process.Time.Pass(30);
        var second = Committed(process, "two");
        process.Time.Pass(19);
        Assert.Equal(0, process.Find("orders").Log.RecoveryPoint);

        process.Time.Pass(1);
        Assert.Equal([ErrorCode.None, ErrorCode.None], await Task.WhenAll(first, second));
        Assert.Equal(0, process.Find("slow").Log.RecoveryPoint);
        Assert.False(slow.IsCompleted);

        process.Time.Pass(450);
        Assert.Equal(ErrorCode.None, await slow);
        await process.EndAsync();
    }

    [Fact]
    public async Task A_flush_that_is_due_earlier_is_not_held_up_by_one_that_came_first()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders", 1, ("flush.ms", "500"), ("flush.messages", "2"));
        var first = Committed(process, "one");

        Assert.Equal(ErrorCode.None, await Committed(process, "two"));

        Assert.Equal(ErrorCode.None, await first);
        await process.EndAsync();
    }

    [Theory]
    [InlineData("2592000000")]
    [InlineData("9223372036854775806")]
    public async Task A_flush_ms_of_months_waits_and_breaks_nothing(string flushMs)
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders", 1, ("flush.ms", flushMs));
        await process.CreateAsync("others", 1, ("flush.messages", "1"));

        var committing = Committed(process, "one");
        Assert.Equal(ErrorCode.None, await Committed(process, "two", topic: "others"));
        Assert.False(committing.IsCompleted);

        await process.EndAsync();
        Assert.Equal(ErrorCode.None, await committing);
    }

    [Fact]
    public async Task Many_appends_that_wait_share_one_flush()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders", 4, ("flush.ms", "50"));
        Assert.All(Enumerable.Range(0, 4), partition => process.Find("orders", partition).Log.Flush());
        var waiting = Enumerable.Range(0, 400).Select(i => Committed(process, $"record-{i}", partition: i % 4)).ToArray();
        var flushes = 0;
        _disk.Faults = new DiskFaults { FlushMs = 1, Pause = _ => flushes++ };

        process.Time.Pass(50);
        await Task.WhenAll(waiting);

        Assert.InRange(flushes, 4, 16);
        await process.EndAsync();
    }

    [Fact]
    public async Task A_flush_that_fails_is_told_to_all_who_wait_and_to_nobody_else()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders", 2, ("flush.ms", "50"));
        var good = Committed(process, "good", partition: 1);
        Task<ErrorCode>[] bad = [.. Enumerable.Range(0, 5).Select(i => Committed(process, $"bad-{i}"))];
        _disk.Faults = new DiskFaults { FlushErrorChance = 1, Concerns = path => path.StartsWith("/data/orders-0", StringComparison.Ordinal) };

        process.Time.Pass(50);

        Assert.All(await Task.WhenAll(bad), error => Assert.Equal(ErrorCode.KafkaStorageError, error));
        Assert.Equal(ErrorCode.None, await good);
        Assert.Equal(ErrorCode.KafkaStorageError, PartitionsProcess.Append(process.Find("orders"), "later").Error);
        await process.EndAsync();
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task A_duplicate_waits_for_the_flush_of_its_original(string flushMessages)
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders", 1, ("flush.messages", flushMessages));
        var partition = process.Find("orders");
        PartitionsProcess.Append(partition, "before");
        PartitionsProcess.Append(partition, "original", producerId: 7, sequence: 0);
        var duplicate = PartitionsProcess.Append(partition, "original", producerId: 7, sequence: 0);
        Assert.True(duplicate.Duplicate);
        using var slow = new SlowDisk(_disk);

        var committing = partition.Committed(duplicate, acks: -1).AsTask();
        await slow.InFlush;
        Assert.False(committing.IsCompleted);
        slow.GoOn();

        Assert.Equal(ErrorCode.None, await committing);
        Assert.True(partition.Committed(duplicate, acks: -1).AsTask().IsCompletedSuccessfully);
        await process.EndAsync();
    }

    [Fact]
    public async Task A_stop_flushes_for_all_who_wait_and_refuses_who_comes_later()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders", 20, ("flush.ms", "60000"));
        Task<ErrorCode>[] waiting = [.. Enumerable.Range(0, 20).Select(i => Committed(process, $"record-{i}", partition: i))];

        await process.EndAsync();

        Assert.All(await Task.WhenAll(waiting), error => Assert.Equal(ErrorCode.None, error));
        Assert.All(process.Table.All, partition => Assert.Equal(1, partition.Log.RecoveryPoint));
        Assert.Equal(ErrorCode.KafkaStorageError, await Committed(process, "late"));
    }

    private static Task<ErrorCode> Committed(PartitionsProcess process, string value, int partition = 0, string topic = "orders") =>
        process.Find(topic, partition).Committed(process.Append(topic, value, partition), acks: -1).AsTask();

    /// <summary>Holds the next flush until it is told to go on. The disk does nothing else in between.</summary>
    private sealed class SlowDisk : IDisposable
    {
        private readonly TaskCompletionSource _inFlush = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _goOn = new();

        public SlowDisk(SimulatedDisk disk) => disk.Faults = new DiskFaults
        {
            FlushMs = 1,
            Pause = _ =>
            {
                _inFlush.TrySetResult();
                _goOn.Wait();
            },
        };

        public Task InFlush => _inFlush.Task;

        public void GoOn() => _goOn.Set();

        public void Dispose() => _goOn.Set();
    }
}
