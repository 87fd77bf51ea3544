using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol;
using OrleansBroker.Simulation;

namespace OrleansBroker.Embedded.Tests.Topics;

/// <summary>
/// What clients were told must be what is there after a crash at any step and after any lost answer: topics that exist, whole,
/// with the partitions and the configuration that were acknowledged.
/// </summary>
public sealed class CatalogFaultTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_crash_at_any_step_leaves_whole_topics_and_all_that_was_answered(bool isPowerLost)
    {
        for (var step = 1; ; step++)
        {
            var disk = new SimulatedDisk(seed: step);
            disk.CreateDirectory("/data");
            disk.FlushDirectory("/");
            var process = await CatalogProcess.StartAsync(new FileDocumentStore(disk, "/data/documents"));
            await process.CreateAsync(["old", "grown", "altered"]);
            disk.CrashAfter(step, tornBytes: step % 200);
            var answered = 0;
            try
            {
                await process.CreateAsync(["new-1", "new-2"], partitions: 2);
                answered++;
                await process.DeleteAsync("old");
                answered++;
                await process.GrowAsync("grown", 3);
                answered++;
                await process.SetAsync(ConfigResourceType.Topic, "altered", "retention.ms", "7");
                answered++;
                await process.CreateAsync("old", partitions: 4);
                answered++;
            }
            catch (SimulatedCrashException)
            {
            }

            if (isPowerLost)
            {
                disk.PowerLoss();
            }
            else
            {
                disk.ProcessKill();
            }

            var lines = (await CatalogProcess.StartAsync(new FileDocumentStore(disk, "/data/documents"))).Describe();
            AssertHolds(lines, answered, $"step {step} at {disk.CrashedAt}: {string.Join("; ", lines)}");
            if (answered == 5)
            {
                return;
            }
        }
    }

    [Fact]
    public async Task Lost_answers_leave_the_broker_and_the_store_of_one_mind()
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            var disk = new SimulatedDisk(seed);
            disk.CreateDirectory("/data");
            var files = new FileDocumentStore(disk, "/data/documents");
            var store = new FlakyDocumentStore(files, seed);
            var process = await CatalogProcess.StartAsync(store);
            store.FailureChance = 0.3;
            await RunAtRandomAsync(process, new Random(seed));
            store.FailureChance = 0;
            Assert.Contains(await process.CreateAsync("last"), new[] { ErrorCode.None, ErrorCode.TopicAlreadyExists });

            var seen = process.Describe();

            var stored = (await CatalogProcess.StartAsync(files)).Describe();
            Assert.True(seen.AsSpan().SequenceEqual(stored), $"seed {seed}");
        }
    }

    private static async Task RunAtRandomAsync(CatalogProcess process, Random random)
    {
        // Only what was answered with no error is known; what failed may have been done or not.
        var known = new Dictionary<string, bool>();
        for (var i = 0; i < 40; i++)
        {
            var topic = $"topic-{random.Next(4)}";
            var isCreation = random.Next(2) == 0;
            var code = isCreation ? await process.CreateAsync(topic) : random.Next(3) == 0 ? await process.SetAsync(ConfigResourceType.Topic, topic, "retention.ms", $"{i}") : await process.DeleteAsync(topic);
            if (known.TryGetValue(topic, out var exists))
            {
                Assert.NotEqual(exists ? ErrorCode.UnknownTopicOrPartition : ErrorCode.TopicAlreadyExists, code);
            }

            known.Remove(topic);
            if (code is ErrorCode.None or ErrorCode.TopicAlreadyExists or ErrorCode.UnknownTopicOrPartition)
            {
                known[topic] = process.Metadata.Current.Find(topic) is not null;
            }
        }
    }

    private static void AssertHolds(string[] lines, int answered, string context)
    {
        var topics = lines.Select(line => line.Split(' ', 4)).ToDictionary(parts => parts[0], parts => (Partitions: int.Parse(parts[2], null), Configs: parts[3]));
        Assert.True(topics.ContainsKey("new-1") == topics.ContainsKey("new-2"), context);
        Assert.True(answered < 1 || (topics.ContainsKey("new-1") && topics["new-1"].Partitions == 2 && topics["new-2"].Partitions == 2), context);
        Assert.True(answered != 0 || topics["old"].Partitions == 1, context);
        Assert.True(answered is not (2 or 3) || !topics.ContainsKey("old"), context);
        Assert.True(topics["grown"].Partitions == 3 || (topics["grown"].Partitions == 1 && answered < 3), context);
        Assert.True(topics["altered"].Configs == "[retention.ms, 7]" || (topics["altered"].Configs.Length == 0 && answered < 4), context);
        Assert.True(answered < 5 || topics["old"].Partitions == 4, context);
    }
}
