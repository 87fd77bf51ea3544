using OrleansBroker.Core.Ports;
using OrleansBroker.Embedded.Tests.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Simulation;

namespace OrleansBroker.Embedded.Tests.Cluster;

public sealed class BrokerRegistryTests
{
    private static readonly BrokerRegistration Wanted = new(new BrokerId(3), 0, 0, Guid.NewGuid(), "localhost", 9092, "rack");

    private readonly FlakyDocumentStore _store;
    private readonly BrokerRegistry _registry;
    private readonly List<long> _noted = [];

    public BrokerRegistryTests()
    {
        var disk = new SimulatedDisk(seed: 1);
        disk.CreateDirectory("/data");
        _store = new FlakyDocumentStore(new FileDocumentStore(disk, "/data/documents"), seed: 1);
        _registry = new BrokerRegistry(_store, new Random(1));
    }

    [Fact]
    public async Task Every_start_has_the_next_epoch_and_data_that_lost_nothing_keeps_its_own()
    {
        Assert.Equal(Wanted with { Epoch = 1, DataEpoch = 1 }, await RegisterAsync(Wanted, isIntact: true));
        Assert.Equal(Wanted with { Epoch = 2, DataEpoch = 1 }, await RegisterAsync(Wanted, isIntact: true));
        Assert.Equal(Wanted with { Epoch = 3, DataEpoch = 3 }, await RegisterAsync(Wanted, isIntact: false));
        Assert.Equal(Wanted with { Epoch = 4, DataEpoch = 3 }, await RegisterAsync(Wanted, isIntact: true));
        Assert.Equal(1, (await RegisterAsync(Wanted with { Id = new BrokerId(4) }, isIntact: true)).Epoch);
    }

    [Fact]
    public async Task Another_directory_has_none_of_the_data_however_clean_it_is()
    {
        await RegisterAsync(Wanted, isIntact: true);

        var other = await RegisterAsync(Wanted with { DirectoryId = Guid.NewGuid() }, isIntact: true);

        Assert.Equal((2, 2), (other.Epoch, other.DataEpoch));
    }

    [Fact]
    public async Task A_start_is_refused_while_the_id_is_a_live_brokers_with_another_directory()
    {
        var live = await RegisterAsync(Wanted, isIntact: true);
        var view = new ClusterView(1, [live]);

        var refused = await Assert.ThrowsAsync<BrokerStartException>(() => RegisterAsync(Wanted with { DirectoryId = Guid.NewGuid() }, isIntact: true, view));

        Assert.Contains("node.id 3", refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await RegisterAsync(Wanted, isIntact: true, view)).Epoch);
    }

    [Fact]
    public async Task An_epoch_is_not_given_again_where_the_documents_have_gone_back()
    {
        await RegisterAsync(Wanted, isIntact: true);

        // Two lives that the document does not know of, the second of which may have lost something.
        var next = await RegisterAsync(Wanted with { Epoch = 3 }, isIntact: true);

        Assert.Equal((4, 4), (next.Epoch, next.DataEpoch));
        Assert.Equal([1, 4], _noted);
    }

    [Fact]
    public async Task A_start_is_refused_while_the_host_finds_another_life()
    {
        var first = new BrokerRegistry(_store, new Random(2), new Lives("silo one"));
        var second = new Lives("silo two") { Other = "silo one" };
        await first.RegisterAsync(Wanted, isIntact: true, _noted.Add, ClusterView.Empty, CancellationToken.None);

        var refused = await Assert.ThrowsAsync<BrokerStartException>(() => new BrokerRegistry(_store, new Random(3), second).RegisterAsync(
            Wanted with { DirectoryId = Guid.NewGuid() }, isIntact: true, _noted.Add, ClusterView.Empty, CancellationToken.None).AsTask());

        Assert.Contains("silo one", refused.Message, StringComparison.Ordinal);
        Assert.Equal(("silo one", false), second.Asked);
        second.Other = null;
        Assert.Equal(2, (await new BrokerRegistry(_store, new Random(4), second).RegisterAsync(Wanted, isIntact: true, _noted.Add, ClusterView.Empty, CancellationToken.None)).Epoch);
        Assert.Equal(("silo one", true), second.Asked);
    }

    [Fact]
    public async Task An_epoch_is_taken_once_whatever_answers_are_lost()
    {
        _store.FailureChance = 0.3;
        var epochs = new List<long>();
        for (var start = 0; start < 100; start++)
        {
            try
            {
                epochs.Add((await RegisterAsync(Wanted, isIntact: true)).Epoch);
            }
            catch (IOException)
            {
                // A start that failed, of which nobody knows the epoch.
            }
        }

        Assert.NotEmpty(epochs);
        Assert.Equal(epochs.Distinct().Order(), epochs);
    }

    private Task<BrokerRegistration> RegisterAsync(BrokerRegistration wanted, bool isIntact, ClusterView? live = null) =>
        _registry.RegisterAsync(wanted, isIntact, _noted.Add, live ?? ClusterView.Empty, CancellationToken.None).AsTask();

    private sealed class Lives(string self) : IBrokerLives
    {
        public string Self => self;

        public string? Other { get; set; }

        public (string? Registered, bool IsSameDirectory) Asked { get; private set; }

        public ValueTask<string?> FindOtherAsync(string? registered, bool isSameDirectory, CancellationToken cancellation)
        {
            Asked = (registered, isSameDirectory);
            return ValueTask.FromResult(Other);
        }
    }
}
