using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Storage;
using OrleansBroker.Grains.Hosting;
using OrleansBroker.Grains.Tests.Documents;

namespace OrleansBroker.Grains.Tests;

/// <summary>What of a broker's options stops the start of its silo.</summary>
public sealed class OrleansBrokerOptionsValidatorTests
{
    [Fact]
    public void A_storage_that_nobody_has_registered_is_named()
    {
        var problem = Assert.Throws<OrleansConfigurationException>(() => Validate("documents"));

        Assert.Equal("Storage documents: no grain storage of this name is registered", problem.Message);
    }

    [Theory]
    [InlineData("elsewhere")]
    [InlineData(null)]
    public void One_that_is_registered_or_none_will_do(string? storage) => Validate(storage);

    private static void Validate(string? storage)
    {
        using var services = new ServiceCollection().AddKeyedSingleton<IGrainStorage>("elsewhere", new FaultyGrainStorage()).BuildServiceProvider();
        new OrleansBrokerOptionsValidator(Options.Create(new OrleansBrokerOptions { BrokerId = 0, Storage = storage }), services).ValidateConfiguration();
    }
}
