using OrleansBroker.Grains.Membership;
namespace OrleansBroker.Grains.Tests.Processes;

/// <summary>Silos that are killed, paused and cut off from Redis, and what becomes of records that were acknowledged.</summary>
public sealed class ProcessClusterTests
{
    private const int RecordsPerStep = 50;

    [RedisFact]
    public async Task What_was_acknowledged_outlives_the_death_of_each_leader_in_turn()
    {
        await using var cluster = await CreatedAsync();
        var sent = new List<string>();
        for (var step = 0; step < ProcessCluster.Brokers; step++)
        {
            await SendAsync(cluster, sent);
            await cluster.WholeAsync("orders");
            var leader = (await cluster.PartitionAsync("orders"))!.LeaderId;
            await cluster.KillAsync(leader);
            await SendAsync(cluster, sent);
            await cluster.StartAsync(leader);
        }

        await cluster.WholeAsync("orders");
        Assert.Equal(sent, await ReadAsync(cluster));
    }

    [RedisFact]
    public async Task A_leader_that_slept_through_its_death_acknowledges_nothing_and_ends()
    {
        await using var cluster = await CreatedAsync();
        var sent = new List<string>();
        await SendAsync(cluster, sent);
        await cluster.WholeAsync("orders");
        var leader = (await cluster.PartitionAsync("orders"))!.LeaderId;

        await cluster.PauseAsync(leader);
        var lost = Enumerable.Range(0, 20).Select(i => cluster.Client.ProduceAsync(leader, "orders", $"sent to the one that sleeps {i}", acks: (short)(i % 2 == 0 ? 1 : -1))).ToArray();
        await SendAsync(cluster, sent);
        Assert.Equal(70, await cluster.ResumeAsync(leader));

        Assert.All(await Task.WhenAll(lost.Select(AnswerAsync)), answer => Assert.NotEqual(ErrorCode.None, answer));
        await cluster.StartAsync(leader);
        Assert.Equal(sent, await ReadAsync(cluster));
    }

    [RedisFact]
    public async Task A_rolling_restart_loses_nothing()
    {
        await using var cluster = await CreatedAsync();
        var sent = new List<string>();
        for (var broker = 0; broker < ProcessCluster.Brokers; broker++)
        {
            await SendAsync(cluster, sent);
            await cluster.WholeAsync("orders");
            Assert.Equal(0, await cluster.StopAsync(broker));
            await SendAsync(cluster, sent);
            await cluster.StartAsync(broker);
        }

        Assert.Equal(sent, await ReadAsync(cluster));
    }

    [RedisFact]
    public async Task Brokers_serve_on_while_Redis_is_down_and_elect_again_when_it_is_back()
    {
        await using var cluster = await CreatedAsync();
        var sent = new List<string>();
        await SendAsync(cluster, sent);
        await cluster.WholeAsync("orders");

        await cluster.Redis.KillAsync();
        await SendAsync(cluster, sent);
        await cluster.ToldAsync("the membership table is away");
        await cluster.ToldAsync("the document store is away");
        var leader = (await cluster.PartitionAsync("orders"))!.LeaderId;

        // One that stood still cannot read whether it is dead: the others say that it is not.
        await cluster.PauseAsync(leader);
        await Task.Delay(TimeSpan.FromMilliseconds(PauseWatch.PauseMsMax + 200));
        cluster.GoOn(leader);
        await SendAsync(cluster, sent);

        await cluster.Redis.StartAsync();
        await cluster.ToldAsync("the membership table is back");
        await cluster.ToldAsync("the document store is back");
        await cluster.KillAsync(leader);
        await SendAsync(cluster, sent);

        Assert.Equal(sent, await ReadAsync(cluster));
    }

    /// <summary>
    /// Two of three die at once: the last one says so, takes nothing that two should have, and what was acknowledged is there when they
    /// come back.
    /// </summary>
    [RedisFact]
    public async Task The_last_of_three_knows_that_it_is_alone_and_promises_nothing()
    {
        await using var cluster = await CreatedAsync();
        var sent = new List<string>();
        await SendAsync(cluster, sent);
        await cluster.WholeAsync("orders");
        var last = (await cluster.PartitionAsync("orders"))!.LeaderId;
        int[] dead = [.. Enumerable.Range(0, ProcessCluster.Brokers).Where(broker => broker != last)];

        await Task.WhenAll(dead.Select(cluster.KillAsync));

        await cluster.Client.UntilAsync(async () => (await cluster.Client.MetadataAsync(last)).Brokers.Length == 1, "the last one knows that it is");
        await cluster.Client.UntilAsync(async () => await cluster.PartitionAsync("orders") is { IsrNodes: [var only] } && only == last, "nobody else is in sync");
        Assert.Equal(ErrorCode.NotEnoughReplicas, await cluster.Client.ProduceAsync(last, "orders", "refused"));
        await Task.WhenAll(dead.Select(cluster.StartAsync));
        await cluster.WholeAsync("orders");
        Assert.Equal(sent, await ReadAsync(cluster));
    }

    [RedisFact]
    public async Task A_broker_that_comes_back_elsewhere_with_its_data_is_the_same_and_its_data_is_for_no_other_cluster()
    {
        await using var cluster = await CreatedAsync();
        var sent = new List<string>();
        await SendAsync(cluster, sent);
        await cluster.WholeAsync("orders");
        var leader = (await cluster.PartitionAsync("orders"))!.LeaderId;

        await cluster.KillAsync(leader);
        var (exitCode, output) = await cluster.StartInOtherClusterAsync(leader);
        await cluster.StartElsewhereAsync(leader);

        Assert.Equal(1, exitCode);
        Assert.Contains(" belongs to cluster ", output, StringComparison.Ordinal);
        await cluster.WholeAsync("orders");
        Assert.Equal(ProcessCluster.Brokers, (await cluster.Client.MetadataAsync((leader + 1) % ProcessCluster.Brokers)).Brokers.Length);
        Assert.Equal(sent, await ReadAsync(cluster));
    }

    [RedisFact]
    public async Task A_second_process_with_the_id_of_a_broker_that_lives_is_refused()
    {
        await using var cluster = await ProcessCluster.StartAsync();

        var (exitCode, output) = await cluster.StartSecondAsync(1);

        Assert.Equal(1, exitCode);
        Assert.Contains("silo/run: node.id 1: a broker of this id is running at", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.Equal(ProcessCluster.Brokers, (await cluster.Client.MetadataAsync(1)).Brokers.Length);
    }

    /// <summary>Null where the connection broke instead.</summary>
    private static async Task<ErrorCode?> AnswerAsync(Task<ErrorCode> request)
    {
        try
        {
            return await request;
        }
        catch (IOException)
        {
            return null;
        }
    }

    internal static async Task<ProcessCluster> CreatedAsync(params string[] stores)
    {
        var cluster = await ProcessCluster.StartAsync(stores);
        Assert.Equal(ErrorCode.None, await cluster.Client.CreateAsync(0, "orders"));
        return cluster;
    }

    internal static async Task SendAsync(ProcessCluster cluster, List<string> sent)
    {
        for (var i = 0; i < RecordsPerStep; i++)
        {
            var value = $"record {sent.Count}";
            await cluster.ProduceAsync("orders", value);
            sent.Add(value);
        }
    }

    /// <summary>What the leader has, each value where it came first: one whose acknowledgement was lost was sent again.</summary>
    internal static async Task<IEnumerable<string>> ReadAsync(ProcessCluster cluster)
    {
        await cluster.ProduceAsync("orders", "the last");
        return (await cluster.Client.ReadFromAsync((await cluster.PartitionAsync("orders"))!.LeaderId, "orders", "the last")).Distinct().SkipLast(1);
    }
}
