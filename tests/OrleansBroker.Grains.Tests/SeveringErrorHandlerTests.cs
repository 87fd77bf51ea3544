using OrleansBroker.Grains.Hosting;

namespace OrleansBroker.Grains.Tests;

public sealed class SeveringErrorHandlerTests
{
    private readonly LocalBroker _broker = new();
    private readonly HostHandler _host = new();

    [Fact]
    public void The_broker_answers_nobody_any_more_before_the_host_is_told()
    {
        _broker.Severing = () => Assert.False(_host.IsTold);

        new SeveringErrorHandler(_broker, _host).OnFatalException(this, "dead", null);

        Assert.True(_broker.IsSevered);
        Assert.True(_host.IsTold);
    }

    [Fact]
    public void The_host_is_told_whatever_becomes_of_the_broker()
    {
        _broker.Severing = () => throw new ObjectDisposedException("the listener");

        Assert.Throws<ObjectDisposedException>(() => new SeveringErrorHandler(_broker, _host).OnFatalException(this, "dead", null));

        Assert.True(_host.IsTold);
    }

    private sealed class HostHandler : IFatalErrorHandler
    {
        public bool IsTold { get; private set; }

        public bool IsUnexpected(Exception exception) => true;

        public void OnFatalException(object? sender, string? context, Exception? exception) => IsTold = true;
    }
}
