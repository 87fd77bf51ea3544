using OrleansBroker.Compatibility.Tests.Broker;

namespace OrleansBroker.Compatibility.Tests;

/// <summary><c>silo/run decommission</c>, against four brokers in one process. What it has moved is tested where brokers move it.</summary>
public sealed class DecommissionCommandTests
{
    [Fact]
    public async Task A_broker_is_told_to_leave_and_to_stay_by_any_other_and_what_cannot_be_is_said_in_one_line()
    {
        using var directory = new TemporaryDirectory();
        await using SiloProcess brokers = await SiloProcess.StartAsync("--brokers", "4", "--listen", "127.0.0.1:0", "--data", directory.Path);

        Assert.Equal((0, "broker 3 holds nothing any more: it can be stopped"), await RunAsync("--broker-id", "3", "--bootstrap", $"127.0.0.1:1,{brokers.Addresses[1]}"));
        Assert.Equal((0, "broker 3 stays"), await RunAsync("--broker-id", "3", "--bootstrap", brokers.Address, "--cancel"));
        Assert.Equal(
            (1, "silo/run: decommission: broker 9: There is no broker '9' in the cluster: the name is a broker's id, or empty for all brokers"),
            await RunAsync("--broker-id", "9", "--bootstrap", brokers.Address));
        Assert.Equal((1, "silo/run: decommission: --broker-id: not given"), await RunAsync());
        Assert.Equal((1, "silo/run: decommission: --brokers 3: not an option of it, see --help"), await RunAsync("--brokers", "3"));
        (int exitCode, string output) = await RunAsync("--broker-id", "3", "--bootstrap", "127.0.0.1:1");
        Assert.Equal(1, exitCode);
        Assert.StartsWith("silo/run: decommission: 127.0.0.1:1 does not answer: ", output, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => SiloProcess.RunToEndAsync(["decommission", .. arguments]);
}
