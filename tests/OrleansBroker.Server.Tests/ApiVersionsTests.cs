using System.Buffers.Binary;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Tests;

public sealed class ApiVersionsTests : IAsyncLifetime
{
    private readonly TestBroker _broker = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _broker.DisposeAsync().AsTask();

    [Theory]
    [InlineData(5)]
    [InlineData(short.MaxValue)]
    public void A_version_that_is_not_served_gets_a_version_0_body_with_the_table(short version)
    {
        using var client = _broker.Connect();
        var frame = TestClient.Frame(new ApiVersionsRequest { ClientSoftwareName = "a", ClientSoftwareVersion = "1" }, 4, 9);
        BinaryPrimitives.WriteInt16BigEndian(frame.AsSpan(6), version);
        client.Send(frame);
        var response = client.Receive<ApiVersionsResponse>(ApiVersionsRequest.Api, 0, out var correlationId);
        Assert.Equal(9, correlationId);
        Assert.Equal(ErrorCode.UnsupportedVersion, response.ErrorCode);
        Assert.Contains(response.ApiKeys, api => api is { ApiKey: (short)ApiKey.ApiVersions, MinVersion: 0, MaxVersion: 4 });
        Assert.Equal(ErrorCode.None, client.ApiVersions().ErrorCode);
    }

    [Fact]
    public void Produce_is_advertised_from_version_0()
    {
        using var client = _broker.Connect();
        Assert.Contains(client.ApiVersions().ApiKeys, api => api is { ApiKey: (short)ApiKey.Produce, MinVersion: 0, MaxVersion: 13 });
    }

    [Fact]
    public void Every_version_is_answered_with_the_same_table()
    {
        using var client = _broker.Connect();
        var request = new ApiVersionsRequest { ClientSoftwareName = "apache-kafka-java", ClientSoftwareVersion = "4.2.0" };
        for (short version = 0; version <= 4; version++)
        {
            var response = client.Call<ApiVersionsRequest, ApiVersionsResponse>(request, version);
            Assert.Equal(ErrorCode.None, response.ErrorCode);
            Assert.Equal(client.ApiVersions().ApiKeys.Length, response.ApiKeys.Length);
            Assert.Empty(response.SupportedFeatures);
            Assert.Empty(response.FinalizedFeatures);
        }
    }

    [Theory]
    [InlineData("", "1")]
    [InlineData("a", "")]
    [InlineData("a b", "1")]
    [InlineData("-a", "1")]
    [InlineData("a", "1.")]
    [InlineData("a", "1\n")]
    public void A_software_name_or_version_of_other_characters_is_refused(string name, string version)
    {
        using var client = _broker.Connect();
        var request = new ApiVersionsRequest { ClientSoftwareName = name, ClientSoftwareVersion = version };
        Assert.Equal(ErrorCode.InvalidRequest, client.Call<ApiVersionsRequest, ApiVersionsResponse>(request, 3).ErrorCode);
    }

    [Fact]
    public void The_table_prints_as_the_page_in_docs()
    {
        var page = Path.Combine(Root(), "docs", "protocol-support.md");
        var printed = Dispatch.ApiTable.PrintMarkdown();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(page)!);
            File.WriteAllText(page, printed);
        }

        Assert.True(File.Exists(page) && File.ReadAllText(page) == printed, "docs/protocol-support.md is stale: run this test with UPDATE_DOCS=1");
    }

    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "OrleansBroker.sln")))
        {
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("no solution above the tests");
        }

        return directory;
    }
}
